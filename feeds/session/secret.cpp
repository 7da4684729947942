#include "feeds/session/secret.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace hedgewatch {

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string_view text) : text_{text} {
  // Never in the small-string buffer: a move would leave a copy behind.
  text_.reserve(64);
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
