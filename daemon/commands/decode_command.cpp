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
#include "feeds/deribit/decoder.hpp"
#include "feeds/deribit/symbols.hpp"

namespace hedgewatch {

namespace {

class DeribitNames final : public InstrumentNames {
 public:
  explicit DeribitNames(const deribit::Symbols& symbols) : symbols_{symbols} {}
  [[nodiscard]] std::string_view name(InstrumentId id) const override { return symbols_.name(id); }

 private:
  const deribit::Symbols& symbols_;
};

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

/// What a reply answers is known to who asked; a recording only has its looks.
enum class ReplyShape { Instruments, Positions, AccountSummaries, Other };

ReplyShape shape_of(const RecordedFrame& frame) {
  const auto has = [text = frame.payload](std::string_view key) { return text.find(key) != std::string_view::npos; };
  if (has("\"contract_size\"") && has("\"min_trade_amount\"") && has("\"kind\"") && !has("\"order_id\""))
    return ReplyShape::Instruments;
  if (has("\"summaries\"") || (has("\"equity\"") && has("\"margin_balance\""))) return ReplyShape::AccountSummaries;
  if (has("\"floating_profit_loss\"") && has("\"direction\"") && has("\"result\":[")) return ReplyShape::Positions;
  return ReplyShape::Other;
}

}  // namespace

int decode_deribit(RecordedFrames& frames, const DecodeSettings& settings, std::ostream& out, std::ostream& messages) {
  deribit::Symbols symbols;
  deribit::Decoder decoder{
      symbols, {.unknown = settings.known_only ? deribit::UnknownInstrument::Refuse : deribit::UnknownInstrument::Imply}};
  const DeribitNames names{symbols};
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
      tally.count("record", "ignored", frame.kind == RecordKind::Header ? "header" : "connect");
      continue;
    }
    if (frame.kind == RecordKind::Sent) {
      tally.count("request", "ignored", "sent by us");
      continue;
    }

    batch.truncate(0);
    const auto received = from_nanoseconds<MonoTime>(frame.received ? nanoseconds_of(*frame.received) : 0);
    auto decoded = decoder.decode(frame.padded_payload(), received, batch);
    if (decoded.ok() && decoded.value().kind == FrameKind::Reply) {
      if (decoder.detail().has_error) {
        tally.count("reply", "ignored", "error " + std::to_string(decoder.detail().error_code));
        continue;
      }
      switch (shape_of(frame)) {
        case ReplyShape::Instruments:
          decoded = decoder.decode_instruments(received, batch);
          break;
        case ReplyShape::Positions:
          decoded = decoder.decode_positions(received, batch);
          break;
        case ReplyShape::AccountSummaries:
          decoded = decoder.decode_account_summaries(received, batch);
          break;
        case ReplyShape::Other:
          tally.count("reply", "ignored", "of another kind");
          continue;
      }
    }
    if (!decoded.ok()) {
      const DecodeError& error = decoded.error();
      std::string reason{label(error.fault)};
      if (!error.field.empty()) reason.append(" ").append(error.field);
      messages << "line " << frame.line << ": " << (error.channel.empty() ? "frame" : error.channel) << ": " << reason << '\n';
      tally.count(error.channel, "error", reason);
      faults = true;
      continue;
    }
    const deribit::FrameDetail& detail = decoder.detail();
    if (decoded.value().kind == FrameKind::Ignored) {
      const std::string_view channel = detail.label.empty() ? decoded.value().channel : detail.label;
      tally.count(channel, "ignored", channel == decoded.value().channel ? "of no use" : decoded.value().channel);
      continue;
    }
    tally.count(decoded.value().channel, "decoded");
    for (std::uint32_t row = 0; row < detail.unknown_rows; ++row) tally.count(decoded.value().channel, "row", "unknown_instrument");
    for (std::uint32_t row = 0; row < detail.left_out_rows; ++row) tally.count(decoded.value().channel, "row", "left out");
    for (std::uint32_t field = 0; field < detail.refused_fields; ++field) tally.count(decoded.value().channel, "field", "refused");
    events += batch.size();
    if (settings.summary_only) continue;
    text.clear();
    for (const Event& event : batch.events()) {
      std::string line;
      append_event_json(line, event, names);
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
  {"t":"recv","ts":SECONDS,"data":"FRAME"}   a record; "http" records of get_instruments define instruments
  TIME FRAME                                 TIME in nanoseconds since the epoch, or ISO 8601 in UTC
  FRAME                                      the JSON as it was on the wire

Output, one JSON object per event:
  {"event":"quote","instrument":"BTC-PERPETUAL","exchange_time_ns":1790000000000000000,"bid":81000.5,"bid_size":1200,...}
Prices are in the venue's unit (coin for inverse options), vols are fractions, sizes are in the contract's unit; what the venue
did not say has no field. Instruments that the input does not define are taken from what their names imply.

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
  decode->add_option("--venue", options->venue, "Whose protocol the frames speak")->required()->check(CLI::IsMember({"deribit"}));
  decode->add_option("FILE", options->files, "Recordings; standard input when none is given");
  decode->add_flag("--summary", options->settings.summary_only, "Count only, print no events");
  decode->add_flag("--known-only", options->settings.known_only,
                   "Make data about instruments that the input does not define an error");
  decode->callback([options, &status] {
    if (options->files.empty()) {
      std::ios::sync_with_stdio(false);
      RecordedFrames frames{std::cin};
      status = decode_deribit(frames, options->settings, std::cout, std::cerr);
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
      status = std::max(status, decode_deribit(reader, options->settings, std::cout, std::cerr));
    }
  });
}

}  // namespace hedgewatch
