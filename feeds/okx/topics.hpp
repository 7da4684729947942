#pragma once

#include <string>
#include <string_view>

#include "feeds/okx/requests.hpp"

namespace hedgewatch::okx {

/// A channel and what it is about as one text, `books:BTC-USD-SWAP`; a channel that stands alone is its name. Replaces `into`.
void write_topic(std::string& into, std::string_view channel, std::string_view about);
/// What is asked for a topic: the channel decides which field says what it is about.
[[nodiscard]] Subscription subscription_of(std::string_view topic);
/// The topic in the words of a refusal, where nothing else names it: "... channel:books,instId:BTC-USD-SWAP doesn't exist".
/// Replaces `into`. False: the words name none.
bool topic_in_words(std::string_view message, std::string& into);

}  // namespace hedgewatch::okx
