#include "linux/task_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace sallyport::linux {
namespace {

class TaskQueueTest : public testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop = EventLoop::create().value();
  std::unique_ptr<TaskQueue> queue = TaskQueue::create(*loop).value();
};

TEST_F(TaskQueueTest, RunsTasksInTheirOrderInATurnOfTheLoop) {
  std::string done;
  queue->post([&] { done += 'a'; });
  queue->post([&] { done += 'b'; });
  EXPECT_EQ(done, "");
  EXPECT_TRUE(loop->turn());
  EXPECT_EQ(done, "ab");
}

TEST_F(TaskQueueTest, RunsThemBeforehandWhereThatIsAskedFor) {
  std::string done;
  queue->post([&] { done += 'a'; });
  queue->run_pending();
  EXPECT_EQ(done, "a");
  queue->run_pending();
  EXPECT_TRUE(loop->turn(Duration::zero()));
  EXPECT_EQ(done, "a");
}

TEST_F(TaskQueueTest, LeavesWhatATaskPostsForTheNextTurn) {
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns < 3) queue->post(again);
  };
  queue->post(again);
  for (int expected = 1; expected <= 3; ++expected) {
    EXPECT_TRUE(loop->turn(std::chrono::seconds(5)));
    EXPECT_EQ(turns, expected);
  }
}

TEST_F(TaskQueueTest, AnswersAnotherThread) {
  std::thread thread([&] { EXPECT_TRUE(loop->run()); });
  int number = 0;
  for (int i = 1; i <= 1000; ++i) {
    queue->post([&number] { ++number; });
    EXPECT_EQ(queue->ask([&number] { return number; }), i);
  }
  queue->ask([&number] { number = -1; });
  EXPECT_EQ(*queue->ask([&number] { return std::make_unique<int>(number); }), -1);
  queue->post([&] { loop->stop(); });
  thread.join();
}

TEST_F(TaskQueueTest, TakesTasksOfManyThreads) {
  std::thread thread([&] { EXPECT_TRUE(loop->run()); });
  std::uint64_t sum = 0;  // of the loop's thread alone
  {
    std::vector<std::jthread> others;
    for (int other = 0; other < 4; ++other)
      others.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) queue->post([&sum] { ++sum; });
      });
  }
  EXPECT_EQ(queue->ask([&sum] { return sum; }), 40'000u);
  queue->post([&] { loop->stop(); });
  thread.join();
}

}  // namespace
}  // namespace sallyport::linux
