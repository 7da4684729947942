#include "feeds/okx/requests.hpp"

#include <array>
#include <chrono>
#include <cstdio>

#include "feeds/session/signing.hpp"

namespace hedgewatch::okx {

namespace {

constexpr std::size_t kLongestArguments = 60'000;

void append(std::string& text, const Subscription& one) {
  text += R"({"channel":)";
  append_json_string(text, one.channel);
  if (!one.field.empty()) {
    text += ',';
    append_json_string(text, one.field);
    text += ':';
    append_json_string(text, one.value);
  }
  text += '}';
}

std::string request(std::string_view id, std::string_view operation, std::span<const Subscription> subscriptions) {
  std::string text = R"({"id":)";
  append_json_string(text, id);
  text += R"(,"op":)";
  append_json_string(text, operation);
  text += R"(,"args":[)";
  for (const Subscription& one : subscriptions) {
    if (text.back() != '[') text += ',';
    append(text, one);
  }
  return text + "]}";
}

/// 2027-01-29T14:56:07.089Z
std::string iso_time(WallTime now) {
  using std::chrono::milliseconds;
  const std::chrono::sys_time<milliseconds> moment{milliseconds{nanoseconds_of(now) / 1'000'000}};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<milliseconds> clock{moment - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

}  // namespace

std::string login_request(const Credential& credential, WallTime now) {
  const std::string seconds = std::to_string(nanoseconds_of(now) / 1'000'000'000);
  std::string text;
  // One block from the start: growing would leave copies of the passphrase in released memory.
  text.reserve(512 + 2 * (credential.key.size() + credential.passphrase.view().size()));
  text += R"({"op":"login","args":[{"apiKey":)";
  append_json_string(text, credential.key);
  text += R"(,"passphrase":)";
  append_json_string(text, credential.passphrase.view());
  text += R"(,"timestamp":)";
  append_json_string(text, seconds);
  text += R"(,"sign":)";
  append_json_string(text, hmac_sha256_base64(credential.secret, seconds + "GET/users/self/verify"));
  text += "}]}";
  return text;
}

std::size_t subscriptions_in_one_call(std::span<const Subscription> subscriptions) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  std::string one;
  for (const Subscription& subscription : subscriptions) {
    one.clear();
    append(one, subscription);
    bytes += one.size() + 1;
    if (bytes > kLongestArguments) break;
    ++count;
  }
  return count;
}

std::string subscribe_request(std::string_view id, std::span<const Subscription> subscriptions) {
  return request(id, "subscribe", subscriptions);
}

std::string unsubscribe_request(std::string_view id, std::span<const Subscription> subscriptions) {
  return request(id, "unsubscribe", subscriptions);
}

HttpCall instruments_request(std::string_view type, std::string_view family) {
  HttpCall request{"/api/v5/public/instruments?instType=", {}};
  request.target.append(type);
  if (!family.empty()) request.target.append("&instFamily=").append(family);
  return request;
}

HttpCall signed_request(std::string_view target, const Credential& credential, WallTime now, bool demo) {
  const std::string time = iso_time(now);
  std::string message = time + "GET";
  message += target;
  HttpCall request{std::string{target},
                   {{"OK-ACCESS-KEY", credential.key},
                    {"OK-ACCESS-SIGN", hmac_sha256_base64(credential.secret, message)},
                    {"OK-ACCESS-TIMESTAMP", time},
                    {"OK-ACCESS-PASSPHRASE", std::string{credential.passphrase.view()}}}};
  if (demo) request.headers.emplace_back("x-simulated-trading", "1");
  return request;
}

}  // namespace hedgewatch::okx
