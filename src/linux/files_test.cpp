#include "linux/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sallyport::linux {
namespace {

using testing::ElementsAre;

class Files : public testing::Test {
 protected:
  Files() {
    char name[] = "/tmp/spl-files-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~Files() override { std::filesystem::remove_all(folder_); }
  std::string put(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = folder_ / std::filesystem::path(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  std::filesystem::path folder_;
};

TEST_F(Files, ReadsAWholeFile) {
  const auto content = read_file(put("a", "one\ntwo"));
  ASSERT_TRUE(content);
  EXPECT_EQ(content->text(), "one\ntwo");
  EXPECT_EQ(read_file(put("empty", ""))->text(), "");
}

TEST_F(Files, TellsWhetherEverybodyCanReadIt) {
  const std::string path = put("secret", "s");
  chmod(path.c_str(), 0640);
  EXPECT_FALSE(read_file(path)->exposed);
  chmod(path.c_str(), 0644);
  EXPECT_TRUE(read_file(path)->exposed);
  chmod(path.c_str(), 0602);
  EXPECT_TRUE(read_file(path)->exposed);
}

TEST_F(Files, RefusesWhatIsMissingTooLongOrNoPlainFile) {
  EXPECT_EQ(read_file(folder_ / "missing").error().number, ENOENT);
  EXPECT_EQ(read_file(put("long", "12345"), 4).error().number, EFBIG);
  EXPECT_EQ(read_file(folder_).error().number, EISDIR);
  EXPECT_EQ(read_file("/dev/zero").error().number, EINVAL);
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_file(pipe).error().number, EINVAL);  // and does not wait for a writer
}

TEST_F(Files, ListsTheMainFileAndThenItsFolderByName) {
  const std::string main = put("sallyport.toml", "");
  EXPECT_THAT(*config_files(main), ElementsAre(main));
  const std::string second = put("conf.d/20-b.toml", "");
  const std::string first = put("conf.d/10-a.toml", "");
  put("conf.d/10-a.toml~", "");
  put("conf.d/.hidden.toml", "");
  put("conf.d/readme", "");
  EXPECT_THAT(*config_files(main), ElementsAre(main, first, second));
}

TEST_F(Files, AppendsToAFileForItsOwnerAlone) {
  const std::string path = folder_ / "keys";
  const mode_t before = umask(0);
  EXPECT_TRUE(append_private(path, "a\n"));
  EXPECT_TRUE(append_private(path, "b\n"));
  umask(before);
  const auto content = read_file(path);
  EXPECT_EQ(content->text(), "a\nb\n");
  EXPECT_FALSE(content->exposed);
}

TEST_F(Files, MakesWhatEverybodyCouldReadPrivateBeforeItWritesToIt) {
  const std::string path = put("capture", "what was there before, and longer");
  chmod(path.c_str(), 0666);
  auto file = PrivateFile::create(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->append(as_bytes("one ")));
  EXPECT_TRUE(file->append(as_bytes("two")));
  const auto content = read_file(path);
  EXPECT_EQ(content->text(), "one two");
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(Files, WritesNoPrivateFileThroughASymbolicLinkOrIntoAFolderThatIsNotThere) {
  const std::string target = put("target", "stays");
  const std::filesystem::path link = folder_ / "link";
  std::filesystem::create_symlink(target, link);
  EXPECT_EQ(PrivateFile::create(link).error().number, ELOOP);
  EXPECT_EQ(read_file(target)->text(), "stays");
  EXPECT_EQ(PrivateFile::create(folder_ / "no" / "such").error().number, ENOENT);
  EXPECT_EQ(PrivateFile::create(folder_).error().number, EISDIR);
}

TEST_F(Files, MakesAPrivateFolderOnlyWhereThereIsNothing) {
  const std::string path = folder_ / "keys";
  EXPECT_TRUE(make_private_folder(path));
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  EXPECT_EQ(make_private_folder(path).error().number, EEXIST);
}

TEST_F(Files, DoesNotAppendThroughASymbolicLink) {
  const std::string target = put("target", "");
  const std::filesystem::path link = folder_ / "link";
  std::filesystem::create_symlink(target, link);
  EXPECT_EQ(append_private(link, "x").error().number, ELOOP);
}

/// Counts on from call to call.
class CountingRandom final : public RandomSource {
 public:
  void fill(ByteSpan out) override {
    for (auto& octet : out) octet = ++last_;
  }

 private:
  std::uint8_t last_ = 0;
};

TEST_F(Files, SecretIsKeptForTheNextTime) {
  CountingRandom random;
  const std::string path = folder_ / "new/folder/secret";
  const auto first = kept_secret(path, 32, random), second = kept_secret(path, 32, random);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(to_bytes(first->view()), to_bytes(second->view()));
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(stat((folder_ / "new/folder").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(Files, SecretThatOthersCouldReadIsReplaced) {
  CountingRandom random;
  const std::string path = folder_ / "secret";
  const auto first = kept_secret(path, 32, random);
  ASSERT_TRUE(first);
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  const auto second = kept_secret(path, 32, random);
  ASSERT_TRUE(second);
  EXPECT_NE(to_bytes(first->view()), to_bytes(second->view()));
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Files, SecretOfAnotherSizeIsReplaced) {
  CountingRandom random;
  for (const auto* left_over : {"", "cut short", "far longer than it was ever written by us, and so not ours"})
    EXPECT_EQ(kept_secret(put("secret", left_over), 32, random)->size(), 32U);
}

TEST_F(Files, SecretIsNotPutWhereALinkLeads) {
  CountingRandom random;
  const std::string elsewhere = put("elsewhere", "somebody's");
  std::filesystem::create_symlink(elsewhere, folder_ / "secret.new");
  ASSERT_TRUE(kept_secret(folder_ / "secret", 32, random));
  EXPECT_EQ(read_file(elsewhere)->text(), "somebody's");
}

TEST_F(Files, SecretThatCannotBeKeptIsNone) {
  CountingRandom random;
  put("file", "no folder");
  EXPECT_FALSE(kept_secret(folder_ / "file/secret", 32, random));
}

}  // namespace
}  // namespace sallyport::linux
