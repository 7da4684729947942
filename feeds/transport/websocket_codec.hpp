#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace hedgewatch {

/// RFC 6455's frames, client side, without a socket: bytes in, messages out.

enum class WebsocketItem : std::uint8_t {
  NeedMore,  ///< no whole frame is buffered
  Text,      ///< a whole message, valid UTF-8
  Ping,
  Pong,
  Close,
  Refused  ///< `fault` says why; the stream cannot be read any further
};

enum class WebsocketFault : std::uint8_t {
  None,
  TooLarge,  ///< longer than the limit; noticed before the payload is buffered
  Binary,
  NotUtf8,
  Protocol  ///< reserved bits, unknown opcode, masked by the server, length not minimal, broken fragmentation or control frame
};

struct WebsocketMessage {
  WebsocketItem item = WebsocketItem::NeedMore;
  WebsocketFault fault = WebsocketFault::None;
  std::uint16_t close_code = 0;  ///< of a Close; 1005 when it carries none
  /// Text, ping's and pong's data, or a close's reason. SIMDJSON_PADDING readable bytes follow it. Valid until space() is called.
  simdjson::padded_string_view payload;
};

/// Buffers what was read and cuts it into messages, in place: only fragmented messages are copied. The buffer starts with
/// 64 KiB and grows to the longest frame that came, never above the limit.
class WebsocketReader {
 public:
  static constexpr std::size_t kInitialBytes = std::size_t{64} * 1024;

  explicit WebsocketReader(std::size_t longest_message);

  /// Where the next bytes go; never empty unless whole frames wait to be taken. Ends the validity of payloads.
  [[nodiscard]] std::span<char> space();
  /// What of space() is left, without moving anything.
  [[nodiscard]] std::span<char> free_space() { return {data_.get() + end_, capacity_ - end_}; }
  /// So many bytes were written to the front of it.
  void commit(std::size_t bytes) { end_ += bytes; }
  /// The next whole frame's meaning. After Refused it always refuses.
  [[nodiscard]] WebsocketMessage next();

 private:
  struct Header {
    std::size_t length = 0;  ///< of the header; 0: not whole yet
    std::uint64_t payload = 0;
    std::uint8_t opcode = 0;
    bool final = false;
  };

  [[nodiscard]] WebsocketFault read_header(Header& header) const;
  [[nodiscard]] WebsocketFault check_order(const Header& header) const;
  WebsocketMessage refuse(WebsocketFault fault);
  WebsocketMessage text(const char* data, std::size_t size, std::size_t readable);
  WebsocketMessage fragment(const Header& header, const char* data);
  WebsocketMessage control(const Header& header, const char* data);
  void grow(std::size_t capacity);
  [[nodiscard]] std::size_t buffered() const { return end_ - begin_; }
  [[nodiscard]] std::size_t readable_from(const char* data) const;

  std::size_t longest_message_;
  std::size_t capacity_;  ///< without the padding behind it
  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t needed_ = 0;  ///< length of the frame whose beginning is buffered, 0 when unknown
  std::string fragments_;
  bool assembling_ = false;
  WebsocketFault refused_ = WebsocketFault::None;
};

enum class WebsocketOpcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// Appends one final frame as a client must send it: masked with `mask`, which must be unpredictable to whoever chose the payload.
void append_client_frame(std::string& out, WebsocketOpcode opcode, std::string_view payload, std::array<unsigned char, 4> mask);

/// A close frame's payload: code, then the reason cut to what a control frame holds.
[[nodiscard]] std::string close_payload(std::uint16_t code, std::string_view reason);

}  // namespace hedgewatch
