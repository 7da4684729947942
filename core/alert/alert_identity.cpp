#include "core/alert/alert_identity.hpp"

namespace hedgewatch {

namespace {

constexpr std::uint64_t kOffsetBasis = 0xCBF29CE484222325;
constexpr std::uint64_t kPrime = 0x100000001B3;

constexpr std::uint64_t hashed(std::string_view text, std::uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

}  // namespace

AlertIdentity identity_of(std::string_view rule, Figure figure, std::string_view row_labels) {
  return {.rule = hashed(rule, kOffsetBasis),
          .row = hashed(row_labels, hashed("{", hashed(definition_of(figure).name, kOffsetBasis)))};
}

}  // namespace hedgewatch
