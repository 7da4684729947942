#include "feeds/session/secret.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hedgewatch {

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string_view text) {
  // Never in the small-string buffer, which a move or a growing string would leave behind unwiped.
  text_.reserve(std::max<std::size_t>(text.size(), 64));
  text_.assign(text);
}

Secret::Secret(Secret&& other) noexcept : text_{std::move(other.text_)} { other.wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() { hedgewatch::wipe(text_); }

}  // namespace hedgewatch
