#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <simdjson.h>

#include "feeds/simulator/json_text.hpp"
#include "feeds/simulator/venue_content.hpp"

namespace hedgewatch {
class RecordedFrames;
struct RecordedFrame;
}  // namespace hedgewatch

namespace hedgewatch::simulator {

struct ReplayConfig {
  /// How many times faster than it was recorded. Absent: as fast as it is read.
  std::optional<double> speed = 1.0;
  /// The replay begins when this long nobody has subscribed to anything more that is in the recording (or at once when all
  /// of it is subscribed), so that a client that subscribes in several calls misses nothing.
  std::chrono::milliseconds settle{300};
};

/// What a recording held.
struct RecordingCounts {
  std::size_t frames = 0;       ///< notifications that can be replayed
  std::size_t instruments = 0;  ///< definitions, recorded or made from names
  std::size_t passed_over = 0;  ///< received lines that are no notification of a channel known here
  std::size_t faults = 0;       ///< lines that could not be read
};

/// A recording as a venue's content. Data is sent byte for byte as recorded, in the recorded order, under the name of the channel
/// that was subscribed: `ticker.X.raw` also feeds `ticker.X.100ms`. The clock is the recording's: it stands until the replay
/// begins and again after its end. What old recordings lack is supplied: instrument definitions from names, index ticks and
/// quotes from tickers, fresh snapshots for a book that is subscribed again, empty account replies.
/// A topic's first subscriber gets all its frames, however late it comes; later ones start with the present state.
class RecordedContent final : public VenueContent {
 public:
  /// The error is what to tell the user.
  [[nodiscard]] static Result<std::unique_ptr<RecordedContent>, std::string> load(const std::filesystem::path& file,
                                                                                  ReplayConfig config);
  [[nodiscard]] static Result<std::unique_ptr<RecordedContent>, std::string> read(std::istream& in, ReplayConfig config);

  [[nodiscard]] const RecordingCounts& counts() const { return counts_; }
  /// All frames have been produced.
  [[nodiscard]] bool finished() const { return next_ == frames_.size(); }

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] VenueTime venue_time(MonoTime now) const override;
  [[nodiscard]] bool offers(const Channel& channel) const override;
  void on_subscribed(const Channel& channel, MonoTime now, std::vector<Notification>& first) override;
  void poll(MonoTime now, std::size_t most, const Wanted& wanted, std::vector<Notification>& out) override;
  [[nodiscard]] std::optional<RpcReply> answer(std::string_view method, const Params& params, MonoTime now) override;
  [[nodiscard]] std::optional<RpcReply> drill(std::string_view name, const Params& params, MonoTime now) override;

 private:
  /// One notification. A ticker stands for several topics.
  struct Frame {
    std::string topic;
    std::string data;
    FrameClass kind = FrameClass::Market;
    VenueTime time{};  ///< never before the previous frame's
    std::string instrument = {};
    std::string index = {};  ///< tickers: the index's name
    double index_price = 0;  ///< tickers; 0 where it is not given
    std::string quote = {};  ///< tickers: the quote in it
    std::string perpetual = {};
  };
  struct Book {
    std::map<double, double> bids;
    std::map<double, double> asks;
    std::int64_t change_id = 0;
    std::int64_t timestamp = 0;
  };
  struct Definition {
    std::string json;
    std::string currency;  ///< of settlement
    std::string kind;
  };

  explicit RecordedContent(ReplayConfig config) : config_{config} {}
  [[nodiscard]] static Result<std::unique_ptr<RecordedContent>, std::string> take_all(RecordedFrames frames, ReplayConfig config);
  void take(const RecordedFrame& record);
  void take_notification(const RecordedFrame& record);
  void take_book(const RecordedFrame& record, const std::string& instrument);
  void take_instruments(std::string_view body);
  void define(const simdjson::dom::element& element);
  void define_from_name(const std::string& name);
  void complete();
  void apply_book(const Frame& frame);
  /// The topics that a frame feeds, with the data of each.
  void spread(const Frame& frame, const Wanted& wanted, std::vector<Notification>& out);
  void tick_indices(MonoTime now, const Wanted& wanted, std::vector<Notification>& out);
  [[nodiscard]] std::string index_tick(const std::string& index, double price, VenueTime time) const;
  [[nodiscard]] std::string book_snapshot(const std::string& instrument, const Book& book) const;
  [[nodiscard]] std::string grouped_book(const std::string& instrument, const Book& book, std::size_t depth) const;
  [[nodiscard]] RpcReply last_ticker(const Params& params, bool with_book);

  ReplayConfig config_;
  RecordingCounts counts_;
  std::vector<Frame> frames_;
  std::size_t next_ = 0;
  VenueTime newest_{};  ///< while loading
  VenueTime first_{};
  std::map<std::string, Definition> definitions_;
  std::map<std::string, std::vector<std::size_t>> by_topic_;  ///< frames that feed a topic
  std::set<std::string> pending_topics_;                      ///< recorded tickers and books nobody has subscribed to yet
  std::set<std::string> served_;                              ///< topics that had a subscriber
  std::optional<MonoTime> last_subscribed_;
  std::optional<MonoTime> begun_;
  std::unordered_map<std::string, Book> books_;
  std::unordered_map<std::string, std::size_t> last_of_topic_;
  std::map<std::string, double> indices_;
  std::map<std::string, MonoTime> last_index_tick_;
  simdjson::dom::parser parser_;
  simdjson::ondemand::parser cutter_;
};

}  // namespace hedgewatch::simulator
