// The main of a fuzz target without libFuzzer: runs every file below the given folders, and each of them cut short and with one
// byte changed, in a fixed order.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMostVariants = 64;

void run(const std::vector<std::uint8_t>& input) {
  // A copy of exactly this size, so that a sanitizer sees a read past its end.
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::size_t run_with_variants(const std::vector<std::uint8_t>& input) {
  run(input);
  const std::size_t step = input.size() / kMostVariants + 1;
  std::size_t count = 1;
  for (std::size_t at = 0; at < input.size(); at += step) {
    run({input.begin(), input.begin() + static_cast<std::ptrdiff_t>(at)});
    std::vector<std::uint8_t> changed = input;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ (1U + at % 255U));
    run(changed);
    count += 2;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path given = argv[i];
    if (std::filesystem::is_regular_file(given)) {
      files.push_back(given);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator{given})
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);

  std::size_t count = 0;
  for (const auto& file : files) {
    std::ifstream in{file, std::ios::binary};
    count += run_with_variants({std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}});
  }
  std::cout << files.size() << " files, " << count << " inputs\n";
  return files.empty() ? 1 : 0;
}
