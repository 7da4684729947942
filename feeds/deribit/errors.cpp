#include "feeds/deribit/errors.hpp"

#include <array>

namespace hedgewatch::deribit {

namespace {

struct Row {
  std::int64_t code;
  std::string_view message;
  ErrorReaction reaction;
};

constexpr std::array kRows{
    Row{10028, "too_many_requests", ErrorReaction::BackOff},
    Row{10040, "retry", ErrorReaction::Retry},
    Row{10041, "settlement_in_progress", ErrorReaction::RetryAfterSettlement},
    Row{10047, "matching_engine_queue_full", ErrorReaction::Retry},
    Row{10048, "not_on_this_server", ErrorReaction::Reconnect},
    Row{10066, "too_many_concurrent_requests", ErrorReaction::Retry},
    Row{10020, "invalid_or_unsupported_instrument", ErrorReaction::DropInstrument},
    Row{11050, "bad_request", ErrorReaction::Log},
    Row{11051, "system_maintenance", ErrorReaction::Maintenance},
    Row{11052, "subscribe_error_unsubscribed", ErrorReaction::Resubscribe},
    Row{11056, "unauthenticated_public_requests_temporarily_disabled", ErrorReaction::Authenticate},
    Row{11094, "internal_server_error", ErrorReaction::Retry},
    Row{11098, "account_locked", ErrorReaction::AccountLocked},
    Row{12003, "login_over_limit", ErrorReaction::StayAwayLong},
    Row{13004, "invalid_credentials", ErrorReaction::Fatal},
    Row{13009, "unauthorized", ErrorReaction::Reauthenticate},
    Row{13020, "not_found", ErrorReaction::DropInstrument},
    Row{13021, "forbidden", ErrorReaction::Fatal},
    Row{13025, "method_switched_off_by_admin", ErrorReaction::RetrySlowly},
    Row{13028, "temporarily_unavailable", ErrorReaction::RetrySlowly},
    Row{13403, "scope_exceeded", ErrorReaction::Fatal},
    Row{13503, "unavailable", ErrorReaction::RetrySlowly},
    Row{13668, "security_key_authorization_error", ErrorReaction::Fatal},
    Row{13778, "raw_subscriptions_not_available_for_unauthorized", ErrorReaction::Log},
    Row{13888, "timed_out", ErrorReaction::Retry},
};

}  // namespace

ErrorReaction reaction_to(std::int64_t code, std::string_view message) {
  for (const Row& row : kRows)
    if (row.code == code) return row.reaction;
  for (const Row& row : kRows)
    if (row.message == message) return row.reaction;
  return ErrorReaction::Log;
}

}  // namespace hedgewatch::deribit
