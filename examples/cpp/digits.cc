// Reads handwritten digits in C++: 64 pixels in, 10 scores out. The images are ones that the network never saw in
// training. CMakeLists.txt beside this builds it; run it as `digits digits.safetensors examples/digits`.
#include <forwardpass.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// A wrapper to start from: owns the model and throws what fp_last_error() says.
class Model {
 public:
  explicit Model(const std::string& path) {
    fp_model* model = nullptr;
    check(fp_model_open(path.c_str(), nullptr, &model));
    model_.reset(model);
  }
  size_t input_width() const { return fp_input_width(model_.get(), 0); }
  size_t output_width() const { return fp_output_width(model_.get(), 0); }

  // Of a model of one input and one output: the rows' results, one row after another.
  std::vector<float> run(const std::vector<float>& x) const {
    const size_t rows = x.size() / input_width();
    std::vector<float> y(rows * output_width());
    const fp_input input = {x.data(), FP_F32, x.size()};
    const fp_output output = {y.data(), FP_F32, y.size()};
    check(fp_run(model_.get(), &input, 1, &output, 1, rows));
    return y;
  }

 private:
  static void check(fp_status status) {
    if (status != FP_OK) throw std::runtime_error(std::string(fp_status_name(status)) + ": " + fp_last_error());
  }
  struct Close {
    void operator()(fp_model* model) const { fp_model_close(model); }
  };
  std::unique_ptr<fp_model, Close> model_;
};

// The values of a .npy file of unsigned bytes: magic, version, the header's length, the header, the values.
std::vector<unsigned char> read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.size() < 10) throw std::runtime_error(path + ": cannot be read");
  const size_t begin = 10 + size_t((unsigned char)bytes[8]) + 256 * size_t((unsigned char)bytes[9]);
  if (begin > bytes.size()) throw std::runtime_error(path + ": is too short");
  return {bytes.begin() + std::ptrdiff_t(begin), bytes.end()};
}

// FNV-1a, so that results can be compared with those of other hosts.
uint64_t hash_of(const std::vector<float>& values) {
  const unsigned char* const bytes = reinterpret_cast<const unsigned char*>(values.data());
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < values.size() * sizeof(float); i++) hash = (hash ^ bytes[i]) * 1099511628211u;
  return hash;
}

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: digits MODEL.safetensors FOLDER");
  const Model model(argv[1]);
  const std::string folder = argv[2];
  const std::vector<unsigned char> images = read_npy(folder + "/test-images.npy");
  const std::vector<unsigned char> labels = read_npy(folder + "/test-labels.npy");
  if (model.input_width() * labels.size() != images.size()) throw std::runtime_error("expected other images");

  const std::vector<float> scores = model.run(std::vector<float>(images.begin(), images.end()));
  const size_t classes = model.output_width();
  size_t right = 0;
  for (size_t row = 0; row < labels.size(); row++) {
    const float* const of_row = scores.data() + row * classes;
    right += size_t(std::max_element(of_row, of_row + classes) - of_row) == labels[row];
  }
  std::printf("%zu of %zu right, hash %016" PRIx64 "\n", right, labels.size(), hash_of(scores));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
