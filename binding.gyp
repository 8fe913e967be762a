# The release binaries of Windows and macOS, through prebuildify, and builds on Windows without CMake. What is compiled,
# and how, stands in native/sources.json, which CMakeLists.txt reads too: change it there.
{
  "variables": {
    "gnu_flags": ["<!@(node -p \"require('./native/sources.json').flags.gnu.join(' ')\")"],
    "clang_flags": ["<!@(node -p \"require('./native/sources.json').flags.clang.join(' ')\")"],
    "msvc_flags": ["<!@(node -p \"require('./native/sources.json').flags.msvc.join(' ')\")"]
  },
  # Flags of a target stand behind those that Node has for all, and win.
  "target_defaults": {
    "defines": ["<!@(node -p \"require('./native/sources.json').defines.join(' ')\")"],
    "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "MACOSX_DEPLOYMENT_TARGET": "11.0",
      "OTHER_CPLUSPLUSFLAGS": ["<@(gnu_flags)", "<@(clang_flags)"],
      "OTHER_LDFLAGS": ["<!@(node -p \"require('./native/sources.json').link.darwin.join(' ')\")"]
    },
    "msvs_settings": {
      "VCCLCompilerTool": { "AdditionalOptions": ["<@(msvc_flags)"] }
    },
    "conditions": [
      ["OS=='linux'", {
        "cflags_cc": ["<!@(node -p \"require('./native/sources.json').flags.linux.join(' ')\")"],
        "ldflags": [
          "<!@(node -p \"require('./native/sources.json').link.linux.join(' ')\")",
          "-Wl,--version-script=<(module_root_dir)/native/exports.map"
        ]
      }]
    ]
  },
  "targets": [
    {
      "target_name": "forwardpass",
      "cflags_cc": ["<@(gnu_flags)"],
      "sources": ["<!@(node -p \"const { engine, addon } = require('./native/sources.json'); [...engine, ...addon].map((file) => 'native/' + file).join(' ')\")"]
    },
    {
      "target_name": "forwardpass-learn",
      "cflags_cc": ["<@(gnu_flags)"],
      "sources": ["<!@(node -p \"require('./native/sources.json').learn.map((file) => 'native/' + file).join(' ')\")"]
    }
  ]
}
