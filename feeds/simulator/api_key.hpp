#pragma once

#include <string>

namespace hedgewatch::simulator {

/// A key that clients may log in with. Levels: none, read, read_write.
struct ApiKey {
  std::string client_id = {};
  std::string client_secret = {};
  bool read_write = false;      ///< true: its scope says read_write, which a monitor must refuse
  std::string passphrase = {};  ///< where a venue asks for one beside the secret
};

}  // namespace hedgewatch::simulator
