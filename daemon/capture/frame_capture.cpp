#include "daemon/capture/frame_capture.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace hedgewatch {

namespace {

constexpr std::string_view kEnding = ".frames.zst";
constexpr int kLevel = 3;
constexpr std::chrono::nanoseconds kWriteInterval = std::chrono::milliseconds{50};
/// What was written so long ago is whole in its file, whatever becomes of the process.
constexpr std::chrono::nanoseconds kFlushInterval = std::chrono::seconds{1};
constexpr std::chrono::nanoseconds kCleanInterval = std::chrono::minutes{1};
constexpr std::chrono::nanoseconds kRetryInterval = std::chrono::seconds{5};

struct KeptFile {
  std::filesystem::path path;
  std::filesystem::file_time_type written;
  std::uint64_t bytes = 0;
};

}  // namespace

bool may_hold_secret(std::string_view text) {
  // Tokens and listen keys by their fields; what answers a sign-in by its name, since some venues echo the request.
  constexpr std::array<std::string_view, 11> kMarks{"access_token", "refresh_token", "listenKey",  "api_key",
                                                    "apiKey",       "client_secret", "signature",  "passphrase",
                                                    "\"auth\"",     "\"login\"",     "public/auth"};
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [text](std::string_view mark) { return text.find(mark) != std::string_view::npos; });
}

/// One zstd file that is being written. Failures are told once, by the call that met them.
class FrameCapture::File {
 public:
  explicit File(const std::filesystem::path& path)
      : path_{path}, file_{create(path)}, context_{ZSTD_createCCtx()}, out_(ZSTD_CStreamOutSize()) {
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kLevel);
  }
  ~File() {
    if (file_ != nullptr) {
      static_cast<void>(write({}, ZSTD_e_end));
      std::fclose(file_);
    }
    ZSTD_freeCCtx(context_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool open() const { return file_ != nullptr; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] bool append(std::string_view text) { return write(text, ZSTD_e_continue); }
  [[nodiscard]] bool flush() { return write({}, ZSTD_e_flush) && std::fflush(file_) == 0; }

 private:
  /// Not for everybody: it says what the accounts hold.
  static std::FILE* create(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP);
    return descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb");
  }

  bool write(std::string_view text, ZSTD_EndDirective directive) {
    ZSTD_inBuffer input{text.data(), text.size(), 0};
    for (;;) {
      ZSTD_outBuffer output{out_.data(), out_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_, &output, &input, directive);
      if (ZSTD_isError(left) != 0) return false;
      if (output.pos > 0 && std::fwrite(out_.data(), 1, output.pos, file_) != output.pos) return false;
      bytes_ += output.pos;
      if (directive == ZSTD_e_continue ? input.pos == input.size : left == 0) return true;
    }
  }

  std::filesystem::path path_;
  std::FILE* file_;
  ZSTD_CCtx* context_;
  std::vector<char> out_;
  std::uint64_t bytes_ = 0;
};

FrameCapture::FrameCapture(FrameCaptureOptions options)
    : options_{std::move(options)}, ring_{options_.waiting_bytes}, files_(options_.connections.size()) {
  if (::access(options_.directory.c_str(), W_OK | X_OK) != 0)
    throw std::runtime_error("capture: " + options_.directory.string() + ": " + std::strerror(errno));
  thread_ = std::thread{[this] { run(); }};
}

FrameCapture::~FrameCapture() {
  {
    const std::scoped_lock lock{mutex_};
    stop_ = true;
  }
  stopping_.notify_all();
  thread_.join();
}

void FrameCapture::keep(std::size_t connection, WallTime received, std::string_view text) {
  if (may_hold_secret(text)) {
    counters_.withheld_frames.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const WaitingFrame frame{received, options_.mono(), static_cast<std::uint32_t>(connection)};
  if (!ring_.put(frame, text)) counters_.lost_frames.fetch_add(1, std::memory_order_relaxed);
}

std::chrono::nanoseconds FrameCapture::lag() const {
  const std::int64_t oldest = ring_.oldest_waiting_ns();
  return oldest == 0 ? std::chrono::nanoseconds{0} : options_.mono() - from_nanoseconds<MonoTime>(oldest);
}

void FrameCapture::run() {
  pthread_setname_np(pthread_self(), "capture");
  MonoTime flush_at = options_.mono() + kFlushInterval;
  MonoTime clean_at = options_.mono();
  bool last = false;
  while (!last) {
    {
      std::unique_lock lock{mutex_};
      last = stopping_.wait_for(lock, kWriteInterval, [this] { return stop_; });
    }
    ring_.drain([this](const WaitingFrame& frame, std::string_view text) { write(frame, text); });
    const MonoTime now = options_.mono();
    if (now >= flush_at) {
      flush_files();
      flush_at = now + kFlushInterval;
    }
    if (now >= clean_at) {
      delete_old_files();
      clean_at = now + kCleanInterval;
    }
  }
  files_.clear();
}

void FrameCapture::write(const WaitingFrame& frame, std::string_view text) {
  std::unique_ptr<File>& file = files_[frame.connection];
  if (!file) {
    if (options_.mono() < retry_at_) {
      counters_.lost_frames.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    std::string name = options_.connections[frame.connection];
    std::ranges::replace(name, '/', '_');
    name += '-' + std::to_string(nanoseconds_of(frame.received));
    name += kEnding;
    file = std::make_unique<File>(options_.directory / name);
    if (!file->open()) return failed(frame.connection, std::strerror(errno));
  }
  line_ = std::to_string(nanoseconds_of(frame.received));
  line_ += ' ';
  line_ += text;
  // A line end between the parts of a JSON text means nothing; inside a string there is none.
  std::ranges::replace(line_, '\n', ' ');
  line_ += '\n';
  const std::uint64_t before = file->bytes();
  if (!file->append(line_)) return failed(frame.connection, std::strerror(errno));
  counters_.bytes.fetch_add(file->bytes() - before, std::memory_order_relaxed);
  counters_.frames.fetch_add(1, std::memory_order_relaxed);
  if (file->bytes() < options_.file_bytes) return;
  file.reset();
  delete_old_files();
}

void FrameCapture::failed(std::size_t connection, const std::string& what) {
  counters_.write_failures.fetch_add(1, std::memory_order_relaxed);
  counters_.lost_frames.fetch_add(1, std::memory_order_relaxed);
  if (options_.tell) options_.tell(files_[connection]->path().string() + ": " + what);
  files_[connection].reset();
  retry_at_ = options_.mono() + kRetryInterval;
}

void FrameCapture::flush_files() {
  for (std::size_t connection = 0; connection < files_.size(); ++connection) {
    if (!files_[connection]) continue;
    const std::uint64_t before = files_[connection]->bytes();
    if (!files_[connection]->flush()) {
      failed(connection, std::strerror(errno));
      continue;
    }
    counters_.bytes.fetch_add(files_[connection]->bytes() - before, std::memory_order_relaxed);
  }
}

void FrameCapture::delete_old_files() {
  std::vector<KeptFile> kept;
  std::uint64_t sum = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{options_.directory, error}) {
    if (!entry.path().filename().string().ends_with(kEnding)) continue;
    std::error_code gone;
    KeptFile file{entry.path(), entry.last_write_time(gone), entry.file_size(gone)};
    if (gone) continue;
    sum += file.bytes;
    const bool in_use =
        std::ranges::any_of(files_, [&](const auto& one) { return one && one->path().filename() == file.path.filename(); });
    if (!in_use) kept.push_back(std::move(file));
  }
  std::ranges::sort(kept, {}, &KeptFile::written);
  const auto oldest = std::filesystem::file_time_type::clock::now() -
                      std::chrono::duration_cast<std::filesystem::file_time_type::duration>(options_.max_age);
  for (const KeptFile& file : kept) {
    if (sum <= options_.max_bytes && file.written >= oldest) break;
    std::filesystem::remove(file.path, error);
    sum -= file.bytes;
  }
}

}  // namespace hedgewatch
