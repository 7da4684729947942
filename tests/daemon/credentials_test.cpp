#include "daemon/credentials.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace hedgewatch;

namespace {

/// A folder of secrets that goes with the test.
class SecretFolder {
 public:
  SecretFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hedgewatch-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~SecretFolder() { std::filesystem::remove_all(path_); }
  SecretFolder(const SecretFolder&) = delete;
  SecretFolder& operator=(const SecretFolder&) = delete;

  std::string file(const std::string& name, const std::string& content, mode_t mode) const {
    const std::string path = (path_ / name).string();
    std::ofstream{path, std::ios::binary} << content;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

AccountConfig with_file(const std::string& path) {
  AccountConfig account;
  account.name = "main";
  account.secret_file = path;
  return account;
}

AccountConfig with_credential(const std::string& name) {
  AccountConfig account;
  account.name = "main";
  account.secret_credential = name;
  return account;
}

/// The secret, or the words of the error.
std::string answer(const AccountConfig& account, const std::string& directory = "") {
  const auto secret = read_secret(account, directory);
  return secret.ok() ? std::string{secret.value().view()} : secret.error().words;
}

}  // namespace

TEST_SUITE("daemon/credentials") {
  TEST_CASE("a private file gives its secret without the line end") {
    const SecretFolder folder;
    CHECK(answer(with_file(folder.file("a", "s3cret", 0600))) == "s3cret");
    CHECK(answer(with_file(folder.file("b", "s3cret\n", 0400))) == "s3cret");
    CHECK(answer(with_file(folder.file("c", "s3cret\r\n", 0600))) == "s3cret");
    const std::string longest(4096, 'x');
    CHECK(answer(with_file(folder.file("d", longest + "\n", 0600))) == longest);
  }

  TEST_CASE("a file that others can read or write is refused") {
    const SecretFolder folder;
    for (const mode_t mode : {0604U, 0602U, 0601U, 0640U, 0620U, 0610U, 0644U, 0666U}) {
      const std::string path = folder.file("m", "s3cret", mode);
      CAPTURE(mode);
      const std::string words = answer(with_file(path));
      CHECK(words.find("account \"main\": secret_file \"" + path + "\": has mode 0") == 0);
      CHECK(words.find("must be closed to others: chmod 0600") != std::string::npos);
    }
    CHECK(answer(with_file(folder.file("m", "s3cret", 0644))).find("has mode 0644,") != std::string::npos);
  }

  TEST_CASE("a file of another user is refused") {
    if (::geteuid() != 0) return;  // only root can give a file away
    const SecretFolder folder;
    const std::string path = folder.file("other", "s3cret", 0600);
    REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
    CHECK(answer(with_file(path)) ==
          "account \"main\": secret_file \"" + path + "\": belongs to user 12345, must belong to the daemon's user 0 or to root");
  }

  TEST_CASE("what is no secret is refused without being repeated") {
    const SecretFolder folder;
    const auto refused = [&](const std::string& content) {
      const std::string words = answer(with_file(folder.file("x", content, 0600)));
      CHECK(words.find("s3cret") == std::string::npos);
      return words.substr(words.rfind("\": ") + 3);
    };
    CHECK(refused("") == "is empty, must hold the secret");
    CHECK(refused("\n") == "is empty, must hold the secret");
    CHECK(refused("s3cret\ns3cret\n") == "holds spaces, line ends or control characters, must be one word");
    CHECK(refused("s3cret ") == "holds spaces, line ends or control characters, must be one word");
    CHECK(refused(std::string{"s3cret\0", 7}) == "holds spaces, line ends or control characters, must be one word");
    CHECK(refused(std::string(4097, 'x')) == "is longer than 4096 bytes, must be a secret alone");
    CHECK(refused(std::string(5000, 'x')) == "is longer than 4096 bytes, must be a secret alone");
  }

  TEST_CASE("an absent file, a folder and a pipe are told as such") {
    const SecretFolder folder;
    CHECK(answer(with_file(folder.path() + "/none")).find("cannot be read: No such file or directory") != std::string::npos);
    CHECK(answer(with_file(folder.path())).find("is no regular file") != std::string::npos);
    const std::string pipe = folder.path() + "/pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(answer(with_file(pipe)).find("is no regular file") != std::string::npos);
  }

  TEST_CASE("a systemd credential is found by its name, also when an access list shows as group bits") {
    const SecretFolder folder;
    folder.file("deribit_api_key", "s3cret\n", 0440);
    CHECK(answer(with_credential("deribit_api_key"), folder.path()) == "s3cret");
    folder.file("open", "s3cret\n", 0444);
    CHECK(answer(with_credential("open"), folder.path()).find("has mode 0444") != std::string::npos);
    CHECK(answer(with_credential("absent"), folder.path()) ==
          "account \"main\": secret_credential \"absent\": cannot be read: No such file or directory");
    CHECK(answer(with_credential("deribit_api_key")) ==
          "account \"main\": secret_credential \"deribit_api_key\": cannot be found as CREDENTIALS_DIRECTORY is not set, must be "
          "given by "
          "systemd with LoadCredential=deribit_api_key:FILE");
  }

  TEST_CASE("a bearer token is named like a secret, and none is none") {
    const SecretFolder folder;
    const auto words = [&](const TokenConfig& token, const std::string& directory) {
      const auto secret = read_token("webhook", token, directory);
      return secret.ok() ? std::string{secret.value().view()} : secret.error().words;
    };
    CHECK(words({}, "").empty());
    CHECK(words({.credential = "", .file = folder.file("token", "t0ken\n", 0600)}, "") == "t0ken");
    const std::string credential = folder.file("hook", "fr0m-systemd\n", 0440);
    CHECK(words({.credential = "hook", .file = ""}, folder.path()) == "fr0m-systemd");
    const std::string open = folder.file("open", "t0ken\n", 0644);
    CHECK(words({.credential = "", .file = open}, "") ==
          "[webhook]: token_file \"" + open + "\": has mode 0644, must be closed to others: chmod 0600");
    CHECK(words({.credential = "", .file = open, .user = "desk"}, "").starts_with("[webhook]: basic_auth_file "));
  }

  TEST_CASE("the header of a token and that of a user's password, and none without a secret") {
    CHECK(authorization_of({}, Secret{}).empty());
    CHECK(authorization_of({.credential = "hook", .file = "", .user = "desk"}, Secret{}).empty());
    CHECK(authorization_of({.credential = "hook", .file = ""}, Secret{"t0ken"}) == "Bearer t0ken");
    CHECK(authorization_of({.credential = "hook", .file = "", .user = "Aladdin"}, Secret{"open sesame"}) ==
          "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(authorization_of({.credential = "hook", .file = "", .user = "a"}, Secret{"b"}) == "Basic YTpi");
  }
}
