# The release binaries, through prebuildify. What is compiled, and how, stands in native/sources.json, which
# CMakeLists.txt reads too: change it there.
{
  "variables": {
    "gnu_flags": ["<!@(node -p \"require('./native/sources.json').flags.gnu.join(' ')\")"],
    "msvc_flags": ["<!@(node -p \"require('./native/sources.json').flags.msvc.join(' ')\")"]
  },
  "targets": [
    {
      "target_name": "forwardpass",
      "sources": ["<!@(node -p \"const { engine, addon } = require('./native/sources.json'); [...engine, ...addon].map((file) => 'native/' + file).join(' ')\")"],
      "defines": ["<!@(node -p \"require('./native/sources.json').defines.join(' ')\")"],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "cflags_cc": ["<@(gnu_flags)"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "OTHER_CPLUSPLUSFLAGS": ["<@(gnu_flags)"]
      },
      "msvs_settings": {
        "VCCLCompilerTool": { "AdditionalOptions": ["<@(msvc_flags)"] }
      },
      "conditions": [
        ["OS=='linux'", { "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,--gc-sections"] }]
      ]
    }
  ]
}
