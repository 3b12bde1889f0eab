#include "linux/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sallyport::linux {
namespace {

using namespace std::chrono_literals;

class UnixSocket : public testing::Test {
 protected:
  UnixSocket() {
    char name[] = "/tmp/spl-unix-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~UnixSocket() override { std::filesystem::remove_all(folder_); }
  std::string path(const char* name = "control.sock") const { return folder_ + "/" + name; }

  /// A socket file as a killed daemon leaves it.
  void leave_stale_socket() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  std::string folder_;
};

TEST_F(UnixSocket, CarriesBytesBothWaysAndKnowsItsPeer) {
  const auto listener = *UnixListener::listen(path());
  EXPECT_FALSE(*listener.accept());
  const auto client = *UnixStream::connect(path());
  const auto server = *std::move(*listener.accept());
  EXPECT_EQ(*client.write(as_bytes("up")), 2);
  EXPECT_TRUE(*server.wait_readable(1s));
  Bytes buffer(10);
  EXPECT_EQ(*server.read(buffer), 2);
  EXPECT_EQ(*server.read(buffer), std::nullopt);
  EXPECT_EQ(server.peer()->pid, getpid());
  EXPECT_EQ(server.peer()->uid, getuid());
  EXPECT_FALSE(*client.wait_readable(0s));
}

TEST_F(UnixSocket, SaysWhenTheOtherEndHasGone) {
  const auto listener = *UnixListener::listen(path());
  Bytes buffer(10);
  {
    const auto client = *UnixStream::connect(path());
    const auto server = *std::move(*listener.accept());
  }
  auto client = *UnixStream::connect(path());
  {
    const auto server = *std::move(*listener.accept());
  }
  EXPECT_EQ(*client.read(buffer), 0);
  EXPECT_EQ(client.write(as_bytes("x")).error(), (Error{ErrorCode::system, EPIPE}));
}

TEST_F(UnixSocket, IsOpenToItsOwnerAloneWhateverTheUmask) {
  const mode_t before = umask(0);
  {
    const auto listener = UnixListener::listen(path());
    struct stat status{};
    ASSERT_EQ(stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
  }
  umask(before);
}

TEST_F(UnixSocket, TakesOverASocketThatNobodyListensTo) {
  leave_stale_socket();
  const auto listener = UnixListener::listen(path());
  ASSERT_TRUE(listener) << listener.error().text;
  EXPECT_TRUE(UnixStream::connect(path()));
}

TEST_F(UnixSocket, RefusesASocketThatSomebodyListensTo) {
  const auto first = UnixListener::listen(path());
  const auto second = UnixListener::listen(path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().number, EADDRINUSE);
  EXPECT_TRUE(UnixStream::connect(path()));
}

TEST_F(UnixSocket, DoesNotRemoveWhatIsNotASocket) {
  std::ofstream(path()) << "precious";
  const auto listener = UnixListener::listen(path());
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().number, EEXIST);
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(UnixSocket, MakesItsFolderAndRemovesItsFile) {
  const std::string deeper = path("run") + "/control.sock";
  {
    const auto listener = UnixListener::listen(deeper);
    ASSERT_TRUE(listener) << listener.error().text;
    EXPECT_TRUE(std::filesystem::exists(deeper));
  }
  EXPECT_FALSE(std::filesystem::exists(deeper));
}

TEST_F(UnixSocket, LeavesASuccessorsFileAlone) {
  auto first = std::make_unique<UnixListener>(*UnixListener::listen(path()));
  std::filesystem::remove(path());
  const auto second = *UnixListener::listen(path());
  first.reset();
  EXPECT_TRUE(UnixStream::connect(path()));
}

TEST_F(UnixSocket, SaysThatNoDaemonListens) {
  const auto missing = UnixStream::connect(path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().number, ENOENT);
  leave_stale_socket();
  const auto stale = UnixStream::connect(path());
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().number, ECONNREFUSED);
  EXPECT_NE(stale.error().text.find("no daemon listens there"), std::string::npos);
}

TEST_F(UnixSocket, RefusesAPathThatDoesNotFit) {
  const auto listener = UnixListener::listen(path(std::string(200, 'x').c_str()));
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().number, ENAMETOOLONG);
}

}  // namespace
}  // namespace sallyport::linux
