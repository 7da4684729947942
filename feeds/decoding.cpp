#include "feeds/decoding.hpp"

namespace hedgewatch {

std::string_view label(DecodeFault fault) {
  switch (fault) {
    case DecodeFault::NotJson:
      return "not_json";
    case DecodeFault::Truncated:
      return "truncated";
    case DecodeFault::MissingField:
      return "missing_field";
    case DecodeFault::WrongType:
      return "wrong_type";
    case DecodeFault::BadNumber:
      return "bad_number";
    case DecodeFault::BadValue:
      return "bad_value";
    case DecodeFault::UnknownChannel:
      return "unknown_channel";
    case DecodeFault::UnknownInstrument:
      return "unknown_instrument";
    case DecodeFault::UnknownWord:
      return "unknown_word";
    case DecodeFault::NameTooLong:
      return "name_too_long";
    case DecodeFault::BatchFull:
      return "batch_full";
  }
  return "";
}

}  // namespace hedgewatch
