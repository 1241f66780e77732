// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "admin/http_server.h"
#include "app/running_instance.h"

#include <memory>
#include <string>

namespace tidegate::app {

/// Page, admin API and metrics of a running server, on two listeners with threads of their own. Ends when destroyed:
/// after the server has stopped, so that the last minutes can be scraped, and before it is destroyed.
class ControlPlane {
 public:
  /// Failure: a listener that cannot be opened, named by its setting.
  [[nodiscard]] static Result<std::unique_ptr<ControlPlane>> start(Server& server, RunningInstance::Reload reload);

  /// `http://127.0.0.1:3000`.
  [[nodiscard]] const std::string& dashboard_url() const { return admin_->url(); }
  /// `http://127.0.0.1:8000`; the page is at `/metrics`.
  [[nodiscard]] const std::string& metrics_url() const { return metrics_->url(); }

 private:
  ControlPlane(Server& server, RunningInstance::Reload reload) : instance_(server, std::move(reload)) {}

  RunningInstance instance_;
  std::unique_ptr<admin::HttpServer> admin_;
  std::unique_ptr<admin::HttpServer> metrics_;
};

}  // namespace tidegate::app
