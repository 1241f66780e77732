// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "gateway/answer_reader.h"
#include "gateway/incoming.h"
#include "gateway/outcome.h"
#include "gateway/own_answer.h"
#include "gateway/worker.h"
#include "net/http1/body.h"
#include "net/stream.h"
#include "upstream/exchange.h"

#include <memory>
#include <string>
#include <string_view>

namespace tidegate::gateway {

/// One request from its head to its ledger entry, in the stages of docs/life_of_a_request.md. Every way out ends in
/// `finish`, once. Lives as long as its request, on one thread.
class Journey {
 public:
  Journey(Worker& worker, std::shared_ptr<const Setup> setup, net::Stream& client, Incoming& incoming);
  Journey(const Journey&) = delete;
  Journey& operator=(const Journey&) = delete;
  /// A journey that is destroyed under way (the worker ends) is recorded as cut off.
  ~Journey();

  /// Serves the request. True: the connection may carry another one.
  [[nodiscard]] net::Task<bool> run();
  /// Answers a request whose head could not be read.
  [[nodiscard]] net::Task<void> refuse_unread(OwnAnswer answer);

 private:
  // The stages, in order.
  [[nodiscard]] net::Task<bool> receive();
  void read();
  [[nodiscard]] bool identify();
  [[nodiscard]] bool plan();
  void begin();
  [[nodiscard]] std::size_t choose_key() const;
  void remember_ties();
  [[nodiscard]] net::Task<bool> call();
  [[nodiscard]] net::Task<bool> upload();
  [[nodiscard]] net::Task<bool> relay();
  void finish();

  [[nodiscard]] net::Task<bool> answer_ourselves();
  [[nodiscard]] net::Task<bool> fail_call(Failure failure);
  [[nodiscard]] net::Task<bool> break_off(bool at_boundary, llm::UpstreamErrorKind kind);
  [[nodiscard]] net::Task<bool> relay_rewritten();
  [[nodiscard]] net::Task<bool> send_rewritten(std::string body);
  [[nodiscard]] net::Task<bool> lose_client();
  [[nodiscard]] bool refuse(OwnAnswer answer);
  void write_upstream_head();
  void write_client_head();
  void write_rewritten_head();
  void take_answer_head();
  void charge();
  [[nodiscard]] bool lacks_its_end() const;
  [[nodiscard]] std::string origin() const;

  Worker& worker_;
  std::shared_ptr<const Setup> setup_;
  net::Stream& client_;
  Incoming& incoming_;
  Outcome outcome_;
  OwnAnswer own_answer_;
  std::shared_ptr<const upstream::Provider> provider_;
  std::size_t key_ = 0;
  std::unique_ptr<upstream::Exchange> exchange_;
  std::string head_;  ///< towards the provider, then towards the client
  AnswerReader reader_;
  std::string created_;  ///< the beginning of an answer that may tell the id of a batch or a file
  SteadyTime received_at_;
  bool client_keeps_alive_ = true;
  bool rechunk_ = false;  ///< the provider's body ends with its connection; the client's must not
  bool head_only_ = false;
  bool streams_ = false;  ///< the answer is a stream of events
  bool encoded_ = false;  ///< the answer is compressed: the reader cannot tell how it ends
  bool keeps_created_ = false;
  bool charged_ = false;
  bool finished_ = false;
};

}  // namespace tidegate::gateway
