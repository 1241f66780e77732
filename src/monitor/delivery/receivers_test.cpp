// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/courier.h"
#include "monitor/delivery/local_peer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

namespace tidegate::delivery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::atomic<bool> kGoOn = false;

/// A mail server that answers recipients like this; it keeps each command, and a mail as one text.
std::function<void(Peer&, int)> smtp(std::string to_recipients) {
  return [to_recipients = std::move(to_recipients)](Peer& peer, int client) {
    say(client, "220 here\r\n");
    std::string text;
    const auto has = [](const char* mark) { return [mark](const std::string& so_far) { return so_far.find(mark) != std::string::npos; }; };
    while (read_until(client, text, has("\r\n"))) {
      const std::string line = text.substr(0, text.find("\r\n"));
      text.erase(0, line.size() + 2);
      peer.keep(line);
      if (line == "DATA") {
        say(client, "354 go on\r\n");
        if (!read_until(client, text, has("\r\n.\r\n"))) return;
        peer.keep(text.substr(0, text.find("\r\n.\r\n")));
        text.erase(0, text.find("\r\n.\r\n") + 5);
      }
      say(client, line.starts_with("RCPT") ? to_recipients + "\r\n" : line == "QUIT" ? "221 bye\r\n" : "250 fine\r\n");
    }
  };
}

monitor::Alert alert(const std::string& rule) {
  monitor::Alert out;
  out.id = "0000000000000001";
  out.rule = rule;
  out.subject = rule + " anthropic";
  out.state = monitor::AlertState::Firing;
  out.since = *parse_rfc3339("2026-11-26T09:59:00Z");
  out.summary = "refused";
  return out;
}

Message message(const std::vector<std::string>& rules) {
  Message out{.id = "tg-1", .instance = "http://127.0.0.1:3000", .at = *parse_rfc3339("2026-11-26T10:00:00Z"), .notices = {}, .notes = {}, .firing = {}};
  for (const std::string& rule : rules) {
    out.firing.push_back(alert(rule));
    out.notices.push_back({.kind = monitor::AlertNotice::Kind::Firing, .alert = alert(rule)});
  }
  return out;
}

class CourierByHand : public testing::Test {
 protected:
  void tell(const Peer& there) {
    courier_.adopt({{.name = "robot", .kind = ReceiverKind::Webhook, .url = "http://" + there.place + "/"}}, Seconds(10), "here");
    const Message one = message({"key_lost"});
    courier_.post(one.notices, one.firing, clock_.now());
    EXPECT_TRUE(courier_.deliver_next()) << "the group is not whole yet";
    clock_.advance(Seconds(10));
    EXPECT_FALSE(courier_.deliver_next());
  }
  /// The next attempt is made after these seconds, and not a moment earlier.
  void tries_again_after(Seconds pause) {
    clock_.advance(pause - Milliseconds(1));
    EXPECT_TRUE(courier_.deliver_next()) << "before " << pause.count() << " s";
    clock_.advance(Milliseconds(1));
    EXPECT_FALSE(courier_.deliver_next()) << "after " << pause.count() << " s";
  }
  ManualClock clock_;
  Courier courier_{clock_};
};

TEST_F(CourierByHand, TriesSevenTimesThenKeepsADeadLetter) {
  Peer there(http({"503 x"}));
  tell(there);
  for (const int pause : {2, 10, 30, 120, 300, 600}) {
    EXPECT_TRUE(courier_.dead().empty());
    tries_again_after(Seconds(pause));
  }
  ASSERT_EQ(courier_.dead().size(), 1U);
  EXPECT_EQ(courier_.dead()[0].error, "127.0.0.1 answered 503");
  EXPECT_THAT(courier_.dead()[0].headline, HasSubstr("key_lost"));
  EXPECT_EQ(courier_.counts(), (DeliveryCounts{{{"robot", "failed"}, 6}, {{"robot", "dead"}, 1}}));
  const auto told = there.told();
  ASSERT_EQ(told.size(), 7U);
  const auto key = [](const std::string& request) { return request.substr(request.find("idempotency-key"), 40); };
  EXPECT_EQ(key(told.front()), key(told.back()));
}

TEST_F(CourierByHand, WaitsAsLongAsTheReceiverAsksAndGoesOnWithWhatCameMeanwhile) {
  Peer there(http({"429 x\r\nretry-after: 100", "200 x"}));
  tell(there);
  const Message later = message({"provider_down"});
  courier_.post(later.notices, later.firing, clock_.now());
  tries_again_after(Seconds(100));
  EXPECT_THAT(there.told()[1], Not(HasSubstr("provider_down")));
  tries_again_after(Seconds(60));  // six times the grouping
  EXPECT_THAT(there.told()[2], HasSubstr("provider_down"));
  EXPECT_EQ(courier_.counts().at(std::pair("robot", "sent")), 2);
}

TEST_F(CourierByHand, GivesUpAtOnceWhatTheReceiverWillNeverTake) {
  Peer there(http({"404 x"}));
  tell(there);
  EXPECT_EQ(courier_.dead().size(), 1U);
  EXPECT_EQ(there.told().size(), 1U);
}

TEST(Receivers, AlertmanagerIsToldOfWhatFiresAndOfWhatIsOver) {
  Peer there(http({"200 x"}));
  Message both = message({"key_lost"});
  monitor::Alert over = alert("provider_down");
  over.state = monitor::AlertState::Resolved;
  both.notices.push_back({.kind = monitor::AlertNotice::Kind::Resolved, .alert = over});
  ASSERT_TRUE(deliver({.name = "am", .kind = ReceiverKind::Alertmanager, .url = "http://" + there.place}, both, kGoOn));
  EXPECT_THAT(there.told().at(0), AllOf(testing::StartsWith("POST /api/v2/alerts HTTP/1.1\r\n"), HasSubstr(R"("alertname":"key_lost")"),
                                        HasSubstr(R"("endsAt":"2026-11-26T10:05:00Z")"), HasSubstr(R"("alertname":"provider_down")"),
                                        HasSubstr(R"("endsAt":"2026-11-26T09:59:00Z")")));
}

TEST(Receivers, PagerDutyIsToldOfTheOtherRulesWhenItRefusesOne) {
  Peer there(http({"400 x", "202 x"}));
  ReceiverOptions duty{.name = "duty", .kind = ReceiverKind::PagerDuty, .url = "http://" + there.place + "/v2/enqueue"};
  duty.secret = Secret("R123");
  const auto told = deliver(duty, message({"key_lost", "provider_down"}), kGoOn);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().retry, Retry::Never);
  ASSERT_EQ(there.told().size(), 2U);
  EXPECT_THAT(there.told()[1], AllOf(HasSubstr(R"("routing_key":"R123")"), HasSubstr(R"("event_action":"trigger")"), HasSubstr("provider_down")));
}

TEST(Receivers, AMailServerIsGivenTheMailAndItsRefusalIsUnderstood) {
  ReceiverOptions mail{.name = "mail", .kind = ReceiverKind::Email, .from = "tidegate@example.org", .to = {"a@example.org", "b@example.org"}};
  Peer good(smtp("250 fine"));
  mail.url = "smtp://" + good.place;
  const auto told = deliver(mail, message({"key_lost"}), kGoOn);
  ASSERT_TRUE(told) << told.error().detail;
  EXPECT_THAT(good.told(), testing::IsSupersetOf(std::vector<testing::Matcher<std::string>>{
                               testing::StartsWith("MAIL FROM:<tidegate@example.org>"), testing::StartsWith("RCPT TO:<a@example.org>"),
                               testing::StartsWith("RCPT TO:<b@example.org>"), AllOf(HasSubstr("To: a@example.org, b@example.org\r\n"), HasSubstr("key_lost"))}));
  Message foreign = message({"key_lost"});
  foreign.notices[0].alert.subject = "équipe";
  ASSERT_TRUE(deliver(mail, foreign, kGoOn));
  EXPECT_THAT(good.told(), testing::Contains(HasSubstr("Subject: [tidegate] =?UTF-8?B?d2FybmluZzoga2V5X2xvc3QgKMOpcXVpcGUp?=\r\n")));
  for (const auto& [answer, retry] : {std::pair("450 busy", Retry::Later), std::pair("550 unknown", Retry::Never)}) {
    Peer bad(smtp(answer));
    mail.url = "smtp://" + bad.place;
    const auto refused = deliver(mail, message({"key_lost"}), kGoOn);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().retry, retry);
    EXPECT_EQ(refused.error().detail, fmt::format("127.0.0.1 answered {}", std::string(answer).substr(0, 3)));
  }
}

TEST(Receivers, ASendmailProgramIsGivenRecipientsAndMail) {
  std::string folder = testing::TempDir() + "sendmail-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string program = folder + "/sendmail";
  std::ofstream(program) << "#!/bin/sh\n{ echo \"$@\"; cat; } > \"$(dirname \"$0\")/mail\"\n";
  ::chmod(program.c_str(), 0700);
  ReceiverOptions mail{.name = "mail", .kind = ReceiverKind::Email, .sendmail = program, .from = "tidegate@example.org", .to = {"a@example.org"}};
  const auto told = deliver(mail, message({"key_lost"}), kGoOn);
  EXPECT_TRUE(told) << told.error().detail;
  std::ifstream file(folder + "/mail");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(text, AllOf(testing::StartsWith("-i -f tidegate@example.org -- a@example.org\nFrom: tidegate@example.org\n"), HasSubstr("key_lost"), Not(HasSubstr("\r"))));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tidegate::delivery
