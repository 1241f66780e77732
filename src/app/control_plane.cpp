// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/control_plane.h"

#include "admin/api.h"

#include <utility>

namespace tidegate::app {

namespace {

tl::unexpected<Failure> at(std::string_view setting, Failure failure) {
  failure.detail.insert(0, std::string(setting) + ": ");
  return tl::unexpected<Failure>(std::move(failure));
}

}  // namespace

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(Server& server, RunningInstance::Reload reload) {
  using admin::HttpServer;
  const admin::AdminOptions options = server.options().admin;
  std::unique_ptr<ControlPlane> plane(new ControlPlane(server, std::move(reload)));
  auto admin = HttpServer::start(options.admin, options.token, HttpServer::Token::NeededBeyondLoopback,
                                 admin::admin_routes(plane->instance_), server.clock());
  if (!admin) return at("admin", admin.error());
  plane->admin_ = std::move(*admin);
  // A scraper brings no token of ours; whoever opens the metrics to a network decides so by the address.
  auto metrics = HttpServer::start(options.metrics, Secret(), HttpServer::Token::NotNeeded,
                                   admin::metrics_routes(plane->instance_), server.clock());
  if (!metrics) return at("metrics", metrics.error());
  plane->metrics_ = std::move(*metrics);
  return plane;
}

}  // namespace tidegate::app
