// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/child_process.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <system_error>

namespace tidegate::app {

namespace {

/// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const char* program, char* const* arguments, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::execv(program, arguments);
  ::_exit(127);
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::filesystem::path& program,
                                         const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(FailureKind::Io, Origin::Operator,
                fmt::format("cannot start {}: {}", program.string(), std::strerror(errno)));
  }
  std::vector<std::string> texts{program.string()};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(texts[0].c_str(), pointers.data(), ends[1], self);
  const int error = errno;
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return fail(FailureKind::Io, Origin::Operator,
                fmt::format("cannot start {}: {}", program.string(), std::strerror(error)));
  }
  return ChildProcess(pid, ends[0]);
}

ChildProcess::~ChildProcess() {
  if (output_ >= 0) ::close(output_);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  constexpr int kTries = 500;
  for (int tries = 0; ::waitpid(pid_, nullptr, WNOHANG) == 0; ++tries) {
    if (tries == kTries) ::kill(pid_, SIGKILL);
    ::poll(nullptr, 0, 10);
  }
}

std::optional<std::string> ChildProcess::how_it_ended() {
  int status = 0;
  if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    pid_ = 0;  // the number may soon be another program's
    end_ = WIFSIGNALED(status) ? fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)))
                               : fmt::format("exit code {}", WEXITSTATUS(status));
  }
  return end_;
}

Result<std::string> ChildProcess::read_line(Nanoseconds timeout) {
  auto left = std::chrono::duration_cast<Milliseconds>(timeout);
  while (true) {
    if (const std::size_t end = read_.find('\n', given_); end != std::string::npos) {
      std::string line = read_.substr(given_, end - given_);
      given_ = end + 1;
      return line;
    }
    read_.erase(0, std::exchange(given_, 0));
    pollfd watched{.fd = output_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::min<Milliseconds::rep>(left.count(), 100)));
    if (ready == 0) {
      left -= Milliseconds(100);
      if (left <= Milliseconds(0))
        return fail(FailureKind::Timeout, Origin::Operator, "it did not say that it is ready");
      continue;
    }
    std::array<char, 16 * 1024> piece;
    const ssize_t count = ::read(output_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(FailureKind::Closed, Origin::Operator, "it ended at once; what it said is above");
    read_.append(piece.data(), static_cast<std::size_t>(count));
  }
}

Result<std::filesystem::path> find_program(const std::string& name, std::string_view search_path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> places{here, here / ".." / ".." / "sim"};
  while (!search_path.empty()) {
    const std::string_view folder = search_path.substr(0, search_path.find(':'));
    search_path.remove_prefix(std::min(search_path.size(), folder.size() + 1));
    if (!folder.empty()) places.emplace_back(folder);
  }
  for (const fs::path& place : places) {
    if (::access((place / name).c_str(), X_OK) == 0 && fs::is_regular_file(place / name, error)) return place / name;
  }
  return fail(FailureKind::NotFound, Origin::Operator,
              fmt::format("{} is neither in {} nor on the PATH; build it (`ninja {}`) or install it beside tidegate",
                          name, here.string(), name));
}

}  // namespace tidegate::app
