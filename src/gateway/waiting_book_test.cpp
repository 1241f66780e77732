// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/waiting_book.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace tidegate::gateway {
namespace {

WaitingBook::Label label(const std::string& model, const std::string& tenant = "team") {
  return {.room = "anthropic/opus-4", .wanted_room = {}, .model = model, .tenant = tenant, .key = {}};
}

TEST(WaitingBook, CountsARequestAsLongAsItWaits) {
  WaitingBook book;
  WaitingBook::Ticket kept;
  {
    WaitingBook::Ticket one;
    EXPECT_FALSE(one.is_counted());
    book.count(one, label("a"));
    book.count(one, label("b"));  // it waits already
    book.count(kept, label("a"));
    ASSERT_EQ(book.lines().size(), 1U);
    EXPECT_EQ(book.lines()[0].label, label("a"));
    EXPECT_EQ(book.lines()[0].requests, 2);
  }
  EXPECT_EQ(book.lines()[0].requests, 1);
  kept.let_go();
  kept.let_go();
  EXPECT_TRUE(book.lines().empty()) << "labels are of clients' making: none stays";
  book.count(kept, label("b"));
  EXPECT_EQ(book.lines()[0].label.model, "b") << "a request may wait again, elsewhere";
}

/// Whatever comes and goes in whatever order, the lines add up to who waits.
TEST(WaitingBook, AddsUpToWhoWaits) {
  std::mt19937 random(11);
  WaitingBook book;
  std::vector<std::unique_ptr<WaitingBook::Ticket>> waiting;
  std::vector<WaitingBook::Label> labels;
  for (int step = 0; step < 5'000; ++step) {
    if (waiting.empty() || random() % 5 < 3) {
      const WaitingBook::Label one = label(std::to_string(random() % 7), std::to_string(random() % 3));
      waiting.push_back(std::make_unique<WaitingBook::Ticket>());
      book.count(*waiting.back(), one);
      labels.push_back(one);
    } else {
      const std::size_t at = random() % waiting.size();
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(at));
      labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (step % 50 != 0) continue;
    std::map<WaitingBook::Label, std::int64_t> expected;
    for (const WaitingBook::Label& one : labels) ++expected[one];
    std::map<WaitingBook::Label, std::int64_t> found;
    for (const WaitingBook::Line& line : book.lines()) found[line.label] = line.requests;
    ASSERT_EQ(found, expected);
  }
}

TEST(WaitingBook, ManyThreadsWaitAtOnce) {
  WaitingBook book;
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&book, number] {
      for (int i = 0; i < 2'000; ++i) {
        WaitingBook::Ticket ticket;
        book.count(ticket, label(std::to_string((number + i) % 3)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(book.lines().empty());
}

}  // namespace
}  // namespace tidegate::gateway
