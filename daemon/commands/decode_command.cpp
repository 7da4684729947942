#include "daemon/commands/decode_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/market/event_batch.hpp"
#include "daemon/commands/command.hpp"
#include "daemon/commands/event_json.hpp"
#include "daemon/commands/frame_interpreter.hpp"

namespace hedgewatch {

namespace {

/// Channel, what became of the frame, and why: every record is counted under exactly one. Rows and fields that a decoded frame
/// had to leave out are counted beside it.
class Tally {
 public:
  void count(std::string_view channel, std::string_view outcome, std::string_view reason = {}) {
    ++rows_[{std::string{channel.empty() ? "-" : channel}, std::string{outcome}, std::string{reason}}];
  }

  void print(std::ostream& out, std::uint64_t events) const {
    out << "count channel outcome reason\n";
    std::uint64_t records = 0;
    for (const auto& [key, number] : rows_) {
      const auto& [channel, outcome, reason] = key;
      out << number << ' ' << channel << ' ' << outcome << (reason.empty() ? "" : " ") << reason << '\n';
      if (outcome != "row" && outcome != "field") records += number;
    }
    out << records << " records, " << events << " events\n";
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> rows_;
};

}  // namespace

int decode_frames(Venue venue, RecordedFrames& frames, const DecodeSettings& settings, std::ostream& out, std::ostream& messages) {
  const std::unique_ptr<FrameInterpreter> interpreter = make_interpreter({.venue = venue, .known_only = settings.known_only});
  EventBatch batch;
  Tally tally;
  std::uint64_t events = 0;
  bool faults = false;
  std::string text;

  while (auto next = frames.next()) {
    if (!next->ok()) {
      messages << "line " << next->error().line << ": " << next->error().what << '\n';
      tally.count("record", "error", next->error().what);
      faults = true;
      continue;
    }
    const RecordedFrame& frame = next->value();
    if (frame.kind == RecordKind::Header || frame.kind == RecordKind::Connect) {
      if (frame.kind == RecordKind::Connect) interpreter->connected(frame);
      tally.count("record", "ignored", frame.kind == RecordKind::Header ? "header" : "connect");
      continue;
    }
    if (frame.kind == RecordKind::Sent) {
      tally.count("request", "ignored", "sent by us");
      continue;
    }

    batch.truncate(0);
    const auto received = from_nanoseconds<MonoTime>(frame.received ? nanoseconds_of(*frame.received) : 0);
    const Interpretation read = interpreter->interpret(frame, received, batch);
    if (!read.reply.empty()) {
      tally.count("reply", "ignored", read.reply);
      continue;
    }
    if (!read.decoded.ok()) {
      const DecodeError& error = read.decoded.error();
      std::string reason{label(error.fault)};
      if (!error.field.empty()) reason.append(" ").append(error.field);
      messages << "line " << frame.line << ": " << (error.channel.empty() ? "frame" : error.channel) << ": " << reason << '\n';
      tally.count(error.channel, "error", reason);
      faults = true;
      continue;
    }
    const Decoded& decoded = read.decoded.value();
    if (decoded.kind == FrameKind::Ignored) {
      const std::string_view channel = read.label.empty() ? decoded.channel : read.label;
      tally.count(channel, "ignored", channel == decoded.channel ? "of no use" : decoded.channel);
      continue;
    }
    tally.count(decoded.channel, "decoded");
    for (std::uint32_t row = 0; row < read.unknown_rows; ++row) tally.count(decoded.channel, "row", "unknown_instrument");
    for (std::uint32_t row = 0; row < read.left_out_rows; ++row) tally.count(decoded.channel, "row", "left out");
    for (std::uint32_t field = 0; field < read.refused_fields; ++field) tally.count(decoded.channel, "field", "refused");
    events += batch.size();
    if (settings.summary_only) continue;
    text.clear();
    for (const Event& event : batch.events()) {
      std::string line;
      append_event_json(line, event, interpreter->names());
      text += line;
      text += '\n';
    }
    out << text;
  }
  out.flush();
  tally.print(messages, events);
  return faults ? kExitFault : kExitSuccess;
}

void add_decode_command(CLI::App& app, int& status) {
  CLI::App* decode = app.add_subcommand("decode", "Turn recorded exchange frames into normalised events");
  decode->footer(R"(Input, line by line, from FILE (also .zst) or standard input, in any mixture:
  {"t":"recv","ts":SECONDS,"data":"FRAME"}   a record; "http" records of lists of instruments define them
  TIME FRAME                                 TIME in nanoseconds since the epoch, or ISO 8601 in UTC
  FRAME                                      the JSON as it was on the wire

Output, one JSON object per event:
  {"event":"quote","instrument":"BTC-PERPETUAL","exchange_time_ns":1790000000000000000,"bid":81000.5,"bid_size":1200,...}
Prices are in the venue's unit (coin for inverse options), vols are fractions, sizes are in the contract's unit, never in contracts;
what the venue did not say has no field. Instruments that the input does not define are taken from what their names imply.
Spot pairs of Binance and Bybit end in -SPOT: their perpetuals have the same symbols.

Standard error: each fault as "line N: channel: reason field", then a table of all records by channel, outcome and reason.

Exit status: 0 every frame decoded or ignored for a reason, 1 a frame or line was an error (the others were still done), 2 wrong usage.

Example:
  zstdcat session.jsonl.zst | hedgewatch decode --venue deribit > events.jsonl)");
  struct Options {
    std::string venue;
    std::vector<std::string> files;
    DecodeSettings settings;
  };
  auto options = std::make_shared<Options>();
  decode->add_option("--venue", options->venue, "Whose protocol the frames speak")
      ->required()
      ->check(CLI::IsMember({"deribit", "binance", "okx", "bybit"}));
  decode->add_option("FILE", options->files, "Recordings; standard input when none is given");
  decode->add_flag("--summary", options->settings.summary_only, "Count only, print no events");
  decode->add_flag("--known-only", options->settings.known_only,
                   "Make data about instruments that the input does not define an error");
  decode->callback([options, &status] {
    if (options->files.empty()) {
      std::ios::sync_with_stdio(false);
      RecordedFrames frames{std::cin};
      status = decode_frames(*venue_from_label(options->venue), frames, options->settings, std::cout, std::cerr);
      return;
    }
    status = kExitSuccess;
    for (const std::string& file : options->files) {
      auto frames = RecordedFrames::open(file);
      if (!frames.ok()) {
        std::cerr << frames.error() << '\n';
        status = kExitFault;
        continue;
      }
      RecordedFrames reader = std::move(frames).value();
      status = std::max(status, decode_frames(*venue_from_label(options->venue), reader, options->settings, std::cout, std::cerr));
    }
  });
}

}  // namespace hedgewatch
