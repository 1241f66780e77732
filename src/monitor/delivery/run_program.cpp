// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/run_program.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

namespace tidegate::delivery {

namespace {

constexpr std::array<std::string_view, 6> kPlaces{"/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"};
constexpr std::size_t kKeptOutput = 2'000;
constexpr int kStepMs = 20;
constexpr int kGraceMs = 2'000;  ///< between SIGTERM and SIGKILL

/// A descriptor with one owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  void reset(int number) {
    close();
    number_ = number;
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

std::string find(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : std::string();
  for (const std::string_view place : kPlaces) {
    std::string path = fmt::format("{}/{}", place, name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const char* path, char* const* arguments, char* const* environment, int input, int output) {
  ::setpgid(0, 0);  // so that whatever it starts ends with it
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execve(path, arguments, environment);
  ::_exit(127);
}

/// One line for people: the end of the output, control characters out.
std::string tidy(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

Result<std::string> run(const Program& program, const std::atomic<bool>& stop) {
  const std::string path = program.arguments.empty() ? std::string() : find(program.arguments.front());
  if (path.empty()) {
    return fail(FailureKind::NotFound, Origin::Operator,
                fmt::format("there is no program {}", program.arguments.empty() ? "named" : program.arguments.front()));
  }
  std::vector<std::string> arguments = program.arguments;
  std::vector<std::string> environment{fmt::format("PATH={}", fmt::join(kPlaces, ":"))};
  for (const auto& [name, value] : program.environment) environment.push_back(fmt::format("{}={}", name, value));
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  std::array<int, 2> to{}, from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0) return fail(FailureKind::Io, Origin::Gateway, fmt::format("no pipe: {}", std::strerror(errno)));
  Descriptor child_input(to[0]), input(to[1]);
  if (::pipe2(from.data(), O_CLOEXEC) != 0) return fail(FailureKind::Io, Origin::Gateway, fmt::format("no pipe: {}", std::strerror(errno)));
  Descriptor output(from[0]), child_output(from[1]);
  const pid_t pid = ::fork();
  if (pid == 0) become(path.c_str(), argument_pointers.data(), environment_pointers.data(), child_input.get(), child_output.get());
  if (pid < 0) return fail(FailureKind::Io, Origin::Gateway, fmt::format("cannot start {}: {}", path, std::strerror(errno)));
  child_input.close();
  child_output.close();
  ::fcntl(input.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);

  std::string printed;
  std::string_view left = program.input;
  if (left.empty()) input.close();
  const auto limit_ms = std::chrono::duration_cast<Milliseconds>(program.timeout).count();
  std::int64_t waited_ms = 0;  // counted in steps: no clock is read here, and a step more or less does not matter
  std::int64_t ended_at_ms = -1;
  FailureKind why = FailureKind::Timeout;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    std::array<pollfd, 2> watched{{{output.get(), POLLIN, 0}, {input.get(), POLLOUT, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), kStepMs);
    if (ready == 0) waited_ms += kStepMs;
    if ((watched[0].revents & (POLLIN | POLLHUP)) != 0) {
      std::array<char, 4096> piece{};
      const ssize_t count = ::read(output.get(), piece.data(), piece.size());
      if (count > 0) printed.append(piece.data(), static_cast<std::size_t>(count));
      if (count == 0) output.close();  // it closed its output and goes on
      if (printed.size() > 2 * kKeptOutput) printed.erase(0, printed.size() - kKeptOutput);
    }
    if ((watched[1].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t count = ::write(input.get(), left.data(), left.size());
      if (count > 0) left.remove_prefix(static_cast<std::size_t>(count));
      if (left.empty() || (count < 0 && errno != EAGAIN)) input.close();
    }
    // A program that prints without end makes every poll ready; a byte's worth of time passes all the same.
    if (ready > 0) waited_ms += 1;
    if (ended_at_ms < 0 && (waited_ms >= limit_ms || stop.load())) {
      why = stop.load() ? FailureKind::Cancelled : FailureKind::Timeout;
      ended_at_ms = waited_ms;
      ::kill(-pid, SIGTERM);
    }
    if (ended_at_ms >= 0 && waited_ms - ended_at_ms >= kGraceMs) ::kill(-pid, SIGKILL);
  }
  ::kill(-pid, SIGKILL);  // what it left behind
  std::array<char, 4096> piece{};
  for (ssize_t count = 0; output.get() >= 0 && (count = ::read(output.get(), piece.data(), piece.size())) > 0;)
    printed.append(piece.data(), static_cast<std::size_t>(count));
  if (printed.size() > kKeptOutput) printed.erase(0, printed.size() - kKeptOutput);
  printed = tidy(std::move(printed));
  const std::string said = printed.empty() ? "" : fmt::format("; it printed: {}", printed);
  if (ended_at_ms >= 0) return fail(why, Origin::Operator, fmt::format("{} was ended after {}{}", path, to_text(program.timeout), said), Retry::Later);
  if (WIFSIGNALED(status)) return fail(FailureKind::Protocol, Origin::Operator, fmt::format("{} was ended by signal {}{}", path, WTERMSIG(status), said), Retry::Later);
  if (WEXITSTATUS(status) != 0) {
    return fail(FailureKind::Protocol, Origin::Operator, fmt::format("{} ended with exit code {}{}", path, WEXITSTATUS(status), said), Retry::Later);
  }
  return printed;
}

}  // namespace tidegate::delivery
