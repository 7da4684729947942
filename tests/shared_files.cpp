#include "shared_files.hpp"

#include <doctest/doctest.h>
#include <zstd.h>

#include <cstdlib>
#include <iostream>

namespace hedgewatch::testing {

std::filesystem::path source_directory() {
  const char* given = std::getenv("HEDGEWATCH_SOURCE_DIR");
  return given != nullptr ? std::filesystem::path{given} : std::filesystem::path{HEDGEWATCH_SOURCE_DIR};
}

std::optional<std::filesystem::path> shared_directory() {
  const char* given = std::getenv("HEDGEWATCH_SHARED");
  std::filesystem::path folder = given != nullptr ? std::filesystem::path{given} : source_directory() / "../shared";
  if (std::filesystem::is_directory(folder / "vectors")) return folder;
  return std::nullopt;
}

bool skip_without_shared(const char* what) {
  if (shared_directory()) return false;
  if (std::getenv("CI") != nullptr) {
    FAIL("shared/ is absent under CI; needed by " << std::string{what});
  }
  std::cout << "SKIPPED: " << what << " needs shared/ (set HEDGEWATCH_SHARED)\n";
  return true;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  REQUIRE_MESSAGE(in, "cannot open " << file.string());
  std::ostringstream raw;
  raw << in.rdbuf();
  const std::string bytes = raw.str();
  if (file.extension() != ".zst") return bytes;

  std::string text;
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  std::string block(ZSTD_DStreamOutSize(), '\0');
  while (input.pos < input.size) {
    ZSTD_outBuffer output{block.data(), block.size(), 0};
    const std::size_t code = ZSTD_decompressStream(context, &output, &input);
    if (ZSTD_isError(code) != 0U) {
      ZSTD_freeDCtx(context);
      FAIL("not zstd: " << file.string());
    }
    text.append(block.data(), output.pos);
  }
  ZSTD_freeDCtx(context);
  return text;
}

}  // namespace hedgewatch::testing
