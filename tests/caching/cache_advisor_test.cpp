// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "caching/cache_advisor.h"

#include "llm/anthropic/request.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tidegate::caching {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart{hours(5)};
constexpr auto k5m = Lifetime::FiveMinutes;
constexpr auto k1h = Lifetime::OneHour;

/// A text of `tokens` at four bytes each that nothing else has.
std::string words(const std::string& name, std::size_t tokens) {
  return name + std::string(tokens * 4 - name.size(), '.');
}

std::string user(const std::string& name, std::size_t tokens = 300) {
  return R"({"role":"user","content":")" + words(name, tokens) + "\"}";
}
std::string assistant(const std::string& name) {
  return R"({"role":"assistant","content":")" + words(name, 100) + "\"}";
}

std::string request(const std::string& system, const std::string& messages, bool has_tools = false) {
  const std::string tools = has_tools ? R"("tools":[{"name":"a","description":")" + words("tool", 2000) + "\"}]," : "";
  return "{" + tools + R"("system":")" + words(system, 5000) + R"(","messages":[)" + messages + "]}";
}

CachingOptions options(Nanoseconds fan_out_wait = Nanoseconds(0)) {
  CachingOptions made;
  made.enabled = Injection::On;
  made.fan_out_wait = fan_out_wait;
  return made;
}

/// Sends requests to an advisor and lets their answers begin at once.
class Asked {
 public:
  explicit Asked(const CachingOptions& options = caching::options()) : advisor(options) {}

  Advice ask(const std::string& body, SteadyTime now, Asking asking = Asking::First, std::string_view tenant = "team") {
    llm::PromptLayout layout;
    (void)llm::anthropic::read_request(body, layout);
    return advisor.advise(hasher_.read(layout, body, {"anthropic", "claude-sonnet-4-6", "", tenant}), CacheTerms{}, now,
                          asking);
  }
  Advice serve(const std::string& body, SteadyTime now) {
    const Advice advice = ask(body, now);
    advisor.begun(advice);
    return advice;
  }

  CacheAdvisor advisor;

 private:
  PrefixHasher hasher_{11};
};

std::vector<Mark> marks(const Advice& advice) { return {advice.plan.all().begin(), advice.plan.all().end()}; }
using Marks = std::vector<Mark>;

TEST(CacheAdvisor, MarksASystemPromptThatComesAgainAndReadsItFromThenOn) {
  Asked asked;
  EXPECT_EQ(marks(asked.serve(request("s", user("q1")), kStart)), (Marks{{0, k5m}}));  // the first bet
  const Advice second = asked.serve(request("s", user("q2")), kStart + minutes(4));
  EXPECT_EQ(marks(second), (Marks{{0, k5m}}));
  EXPECT_NEAR(static_cast<double>(second.plan.read), 5000, 5);
  EXPECT_EQ(second.plan.written_5m, 0);
  EXPECT_NEAR(static_cast<double>(asked.serve(request("s", user("q3")), kStart + minutes(8)).plan.read), 5000,
              5);  // refreshed
}

TEST(CacheAdvisor, WithoutFirstSightMarksOnlyWhatWasSeenAgain) {
  CachingOptions careful = options();
  careful.first_sight = false;
  Asked asked(careful);
  EXPECT_EQ(marks(asked.serve(request("s", user("q1")), kStart)), Marks{});
  EXPECT_EQ(marks(asked.serve(request("s", user("q2")), kStart + minutes(1))), (Marks{{0, k5m}}));
}

TEST(CacheAdvisor, BetsTwiceOnPromptsThatComeOnceAndThenNoMore) {
  Asked asked;
  int marked = 0;
  for (int i = 0; i < 500; ++i) {
    marked +=
        asked.serve(request("s" + std::to_string(i), user("q")), kStart + seconds(i * 20)).marks_anything() ? 1 : 0;
  }
  EXPECT_EQ(marked, 2);
}

TEST(CacheAdvisor, DoesNotTakeOneTenantsHabitsForAnothers) {
  Asked asked;
  for (int i = 0; i < 50; ++i) (void)asked.serve(request("s" + std::to_string(i), user("q")), kStart + seconds(i));
  EXPECT_FALSE(asked.ask(request("new", user("q")), kStart + minutes(2)).marks_anything());
  EXPECT_TRUE(asked.ask(request("newer", user("q")), kStart + minutes(2), Asking::First, "another").marks_anything());
}

TEST(CacheAdvisor, FollowsAConversationAndMarksItsEnd) {
  Asked asked;
  std::string messages = user("q0");
  (void)asked.serve(request("s", messages, true), kStart);
  for (int turn = 1; turn < 8; ++turn) {
    messages += "," + assistant("a" + std::to_string(turn)) + "," + user("q" + std::to_string(turn));
    const Advice advice = asked.serve(request("s", messages, true), kStart + seconds(20 * turn));
    const auto last = static_cast<std::size_t>(2 + 2 * turn);
    ASSERT_EQ(advice.plan.count, 4U) << turn;
    EXPECT_EQ(marks(advice), (Marks{{0, k5m}, {1, k5m}, {last - 2, k5m}, {last, k5m}})) << turn;
    EXPECT_NEAR(static_cast<double>(advice.plan.read), 7000 + 300 + 400 * (turn - 1), 60) << turn;
    EXPECT_NEAR(static_cast<double>(advice.plan.written_5m), 400, 10) << turn;
  }
}

TEST(CacheAdvisor, DoesNotMarkTailsThatChangeBehindAPromptThatDoesNot) {
  Asked asked;
  int tails = 0;
  for (int i = 0; i < 100; ++i) {
    const Advice advice = asked.serve(request("s", user("q" + std::to_string(i), 3000), true), kStart + seconds(5 * i));
    for (const Mark& mark : advice.plan.all()) tails += mark.block == 2 ? 1 : 0;
  }
  EXPECT_LE(tails, 1);
}

TEST(CacheAdvisor, BuysAnHourWhereGapsAreLongerThanFiveMinutes) {
  Asked asked;
  (void)asked.serve(request("s", user("q0")), kStart);
  EXPECT_EQ(marks(asked.serve(request("s", user("q1")), kStart + minutes(20))), (Marks{{0, k1h}}));
  const Advice third = asked.serve(request("s", user("q2")), kStart + minutes(40));
  EXPECT_EQ(marks(third), (Marks{{0, k1h}}));
  EXPECT_NEAR(static_cast<double>(third.plan.read), 5000, 5);
}

TEST(CacheAdvisor, NeverBuysAnHourWhereThatIsForbidden) {
  CachingOptions brief = options();
  brief.lifetime = LifetimeChoice::FiveMinutes;
  Asked asked(brief);
  (void)asked.serve(request("s", user("q0")), kStart);
  for (int i = 1; i < 6; ++i)
    EXPECT_FALSE(asked.serve(request("s", user("q" + std::to_string(i))), kStart + i * minutes(20)).marks_anything());
}

TEST(CacheAdvisor, LeavesPromptsAloneWhoseGapsNoLifetimeBridges) {
  Asked asked;
  EXPECT_TRUE(asked.serve(request("s", user("q0")), kStart).marks_anything());
  for (int i = 1; i < 20; ++i)
    EXPECT_FALSE(asked.serve(request("s", user("q" + std::to_string(i))), kStart + i * hours(2)).marks_anything()) << i;
}

TEST(CacheAdvisor, LetsOneOfParallelRequestsPayForTheWrite) {
  Asked asked;
  const Advice leader = asked.ask(request("s", user("q0")), kStart);
  EXPECT_TRUE(leader.marks_anything());
  for (int i = 1; i < 20; ++i) {
    const Advice follower = asked.ask(request("s", user("q" + std::to_string(i))), kStart + Milliseconds(i));
    EXPECT_FALSE(follower.marks_anything());
    EXPECT_FALSE(follower.wait);
  }
  asked.advisor.begun(leader);
  EXPECT_NEAR(static_cast<double>(asked.ask(request("s", user("q")), kStart + seconds(2)).plan.read), 5000, 5);
}

TEST(CacheAdvisor, TakesNoParallelSightForEvidence) {
  Asked asked;
  for (int burst = 0; burst < 4; ++burst) {
    std::vector<Advice> all;
    int marked = 0;
    for (int i = 0; i < 20; ++i) {
      all.push_back(
          asked.ask(request("s", user(std::to_string(burst * 100 + i))), kStart + burst * hours(2) + Milliseconds(i)));
      marked += all.back().marks_anything() ? 1 : 0;
    }
    for (const Advice& advice : all) asked.advisor.begun(advice);
    EXPECT_EQ(marked, burst == 0 ? 1 : 0) << burst;
  }
}

TEST(CacheAdvisor, LetsFollowersWaitForTheLeadersFirstByteIfAskedTo) {
  Asked asked(options(seconds(5)));
  const Advice leader = asked.ask(request("s", user("q0")), kStart);
  const Advice follower = asked.ask(request("s", user("q1")), kStart + Milliseconds(10));
  ASSERT_EQ(follower.wait, seconds(5));
  EXPECT_FALSE(asked.advisor.has_begun(follower.wait_for, kStart + seconds(1)));
  asked.advisor.begun(leader);
  EXPECT_TRUE(asked.advisor.has_begun(follower.wait_for, kStart + seconds(1)));
  const Advice again = asked.ask(request("s", user("q1")), kStart + seconds(1), Asking::AfterWaiting);
  EXPECT_FALSE(again.wait);
  EXPECT_NEAR(static_cast<double>(again.plan.read), 5000, 5);
}

TEST(CacheAdvisor, InAVolleyWhoseFirstWasNotMarkedTheSecondLeads) {
  CachingOptions careful = options(seconds(5));
  careful.first_sight = false;
  Asked asked(careful);
  EXPECT_FALSE(asked.ask(request("s", user("q0")), kStart).marks_anything());
  EXPECT_TRUE(asked.ask(request("s", user("q1")), kStart + Milliseconds(5)).marks_anything());
  EXPECT_TRUE(asked.ask(request("s", user("q2")), kStart + Milliseconds(10)).wait);
  careful.fan_out_wait = Nanoseconds(0);
  Asked impatient(careful);
  EXPECT_FALSE(impatient.ask(request("s", user("q0")), kStart).marks_anything());
  EXPECT_FALSE(impatient.ask(request("s", user("q1")), kStart).marks_anything());  // at the very same time
}

TEST(CacheAdvisor, AFollowerThatWaitedInVainGoesUnmarked) {
  Asked asked(options(seconds(5)));
  (void)asked.ask(request("s", user("q0")), kStart);
  ASSERT_TRUE(asked.ask(request("s", user("q1")), kStart + Milliseconds(10)).wait);
  const Advice again = asked.ask(request("s", user("q1")), kStart + seconds(5), Asking::AfterWaiting);
  EXPECT_FALSE(again.wait);
  EXPECT_FALSE(again.marks_anything());
}

TEST(CacheAdvisor, ALeaderThatFailsOrIsNeverHeardOfMakesWayForAnother) {
  Asked asked;
  const Advice first = asked.ask(request("s", user("q0")), kStart);
  asked.advisor.failed(first);
  EXPECT_TRUE(asked.ask(request("s", user("q0")), kStart + seconds(1), Asking::AfterWaiting).marks_anything());
  EXPECT_FALSE(asked.ask(request("s", user("q1")), kStart + seconds(2)).marks_anything());
  EXPECT_TRUE(asked.ask(request("s", user("q2")), kStart + seconds(62)).marks_anything());
}

TEST(CacheAdvisor, StopsWhereReadsDoNotHappen) {
  Asked asked;
  int marked = 0;
  for (int i = 0; i < 40; ++i) {  // keys rotate through workspaces: each request writes, none reads
    const Advice advice = asked.serve(request("s", user("q" + std::to_string(i))), kStart + seconds(10 * i));
    marked += advice.marks_anything() ? 1 : 0;
    asked.advisor.counted(advice, {.input = 300, .cache_write_5m = advice.marks_anything() ? 5000 : 0});
  }
  EXPECT_LE(marked, 4);
}

TEST(CacheAdvisor, StopsWhereReadsDoNotHappenInConversationsToo) {
  Asked asked;
  std::string messages = user("q0");
  std::int64_t written = 0;
  for (int turn = 1; turn < 40; ++turn) {
    const Advice advice = asked.serve(request("s", messages, true), kStart + seconds(10 * turn));
    messages += "," + assistant("a" + std::to_string(turn)) + "," + user("q" + std::to_string(turn));
    const std::int64_t paid = advice.plan.read + advice.plan.written_5m;  // what should be read is written instead
    written += turn > 8 ? paid : 0;
    asked.advisor.counted(advice, {.input = 300, .cache_write_5m = paid});
  }
  EXPECT_EQ(written, 0);
}

TEST(CacheAdvisor, LearnsHowManyTokensABodyHas) {
  Asked asked;
  const Advice first = asked.serve(request("s", user("q0")), kStart);
  asked.advisor.counted(first, {.input = 2 * first.tokens});
  EXPECT_NEAR(static_cast<double>(asked.ask(request("t", user("q0")), kStart + seconds(1)).tokens),
              2.0 * static_cast<double>(first.tokens), 3);
}

TEST(CacheAdvisor, ADryRunDecidesAlikeAndIsNotDisappointed) {
  CachingOptions dry = options();
  dry.enabled = Injection::DryRun;
  Asked asked(dry);
  for (int i = 0; i < 10; ++i) {
    const Advice advice = asked.serve(request("s", user("q" + std::to_string(i))), kStart + seconds(10 * i));
    EXPECT_TRUE(advice.is_dry_run);
    EXPECT_EQ(advice.plan.count, 1U);
    EXPECT_EQ(advice.plan.read > 0, i > 0);
    asked.advisor.counted(advice, {.input = 5300});
  }
}

TEST(CacheAdvisor, ReadsAcrossATurnOfMoreBlocksThanTheLookback) {
  Asked asked;
  (void)asked.serve(request("s", user("q0"), true), kStart);
  std::string results;
  for (int i = 0; i < 30; ++i)
    results +=
        (i > 0 ? "," : "") + (R"({"type":"tool_result","tool_use_id":"t)" + std::to_string(i) + R"(","content":"r"})");
  const Advice advice = asked.serve(
      request("s", user("q0") + "," + assistant("a") + R"(,{"role":"user","content":[)" + results + "]}", true),
      kStart + seconds(9));
  EXPECT_EQ(marks(advice), (Marks{{0, k5m}, {1, k5m}, {2, k5m}, {33, k5m}}));
  EXPECT_GT(advice.plan.read, 7000);
}

TEST(CacheAdvisor, LeavesAloneWhatIsNotItsBusiness) {
  const auto why = [](std::string_view body, bool takes_marks = true, Injection enabled = Injection::On) {
    CachingOptions set;
    set.enabled = enabled;
    llm::PromptLayout layout;
    const llm::RequestView view = llm::anthropic::read_request(body, layout);
    return why_untouched(view, layout, takes_marks, set);
  };
  constexpr std::string_view kPlain = R"({"messages":[]})";
  EXPECT_EQ(why(kPlain), std::nullopt);
  EXPECT_EQ(why(kPlain, true, Injection::DryRun), std::nullopt);
  EXPECT_EQ(why(kPlain, true, Injection::Off), Untouched::SwitchedOff);
  EXPECT_EQ(why(kPlain, false), Untouched::ProviderRejects);
  EXPECT_EQ(why("[]"), Untouched::Unreadable);
  EXPECT_EQ(why(R"({"cache_control":{"type":"ephemeral"}})"), Untouched::ClientMarks);
  EXPECT_EQ(why(R"({"tools":[{"type":"web_search_20250305"}]})"), Untouched::ServerTools);
  EXPECT_EQ(why(R"({"thread":{"previous_message_id":"m"}})"), Untouched::ServerState);
  EXPECT_EQ(to_string(Untouched::ClientMarks), "client_marks");
}

TEST(CacheAdvisor, SurvivesAnyTrafficInATableOfAFewPlaces) {
  CachingOptions tiny = options(seconds(1));
  tiny.max_prefixes = 8;
  Asked asked(tiny);
  std::mt19937 random(3);
  std::vector<Advice> open;
  SteadyTime now = kStart;
  for (int i = 0; i < 3'000; ++i) {
    now += Milliseconds(random() % 100'000);
    std::string messages = user("u" + std::to_string(random() % 5));
    for (std::uint32_t k = random() % 4; k > 0; --k)
      messages += "," + assistant("a") + "," + user("q" + std::to_string(random() % 3));
    const Advice advice = asked.ask(request("s" + std::to_string(random() % 6), messages, random() % 2 == 0), now);
    ASSERT_LE(advice.plan.count, 4U);
    for (std::size_t k = 1; k < advice.plan.count; ++k)
      ASSERT_LT(advice.plan.marks[k - 1].block, advice.plan.marks[k].block);
    open.push_back(advice);
    if (open.size() < 5) continue;
    const Advice& ended = open[random() % open.size()];
    if (random() % 5 == 0) asked.advisor.failed(ended);
    asked.advisor.begun(ended);
    asked.advisor.counted(ended, {.input = 4000, .cache_read = random() % 2 == 0 ? 2000 : 0});
    open.erase(open.begin());
  }
}

}  // namespace
}  // namespace tidegate::caching
