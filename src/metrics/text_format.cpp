// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats):
//
//   exposition = *( "# HELP " name " " help LF  "# TYPE " name " " type LF  *sample )
//   sample     = name [ "{" label *( "," label ) "}" ] " " number LF
//   label      = label-name "=" DQUOTE value DQUOTE        ; \\ \" \n escaped; in help only \\ and \n
//
// OpenMetrics 1.0 (OpenMetrics specification, "Text format") differs in what is written here: a counter's family is
// named without its `_total`, help escapes quotes too, bounds are written as floats, and "# EOF" ends it.
#include "metrics/text_format.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace tidegate::metrics {

namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes_too) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes_too) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string bound_text(double bound, TextFormat format) {
  std::string text = number(bound);
  if (format == TextFormat::OpenMetrics && text.find_first_of(".eI") == std::string::npos) text += ".0";
  return text;
}

class Writer {
 public:
  Writer(std::string& out, TextFormat format) : out_(out), format_(format) {}

  void family(const FamilySnapshot& family) {
    header(*family.definition);
    for (const Sample& sample : family.samples) {
      line(*family.definition, "", sample.label_values, {}, number(sample.value));
    }
    for (const HistogramSample& sample : family.histograms) histogram(*family.definition, sample);
  }

 private:
  void header(const MetricDefinition& definition) {
    std::string_view name = definition.name;
    if (format_ == TextFormat::OpenMetrics && definition.type == MetricType::Counter && name.ends_with("_total")) {
      name.remove_suffix(6);
    }
    fmt::format_to(std::back_inserter(out_), "# HELP {} ", name);
    append_escaped(out_, definition.help, format_ == TextFormat::OpenMetrics);
    fmt::format_to(std::back_inserter(out_), "\n# TYPE {} {}\n", name, to_string(definition.type));
  }

  void histogram(const MetricDefinition& definition, const HistogramSample& sample) {
    for (std::size_t i = 0; i < sample.cumulative.size(); ++i) {
      const std::string bound =
          i < definition.bounds.size() ? bound_text(definition.bounds[i], format_) : std::string("+Inf");
      line(definition, "_bucket", sample.label_values, bound, std::to_string(sample.cumulative[i]));
    }
    line(definition, "_sum", sample.label_values, {}, number(sample.sum));
    line(definition, "_count", sample.label_values, {}, std::to_string(sample.cumulative.back()));
  }

  void line(const MetricDefinition& definition, std::string_view suffix, const std::vector<std::string>& values,
            std::string_view bound, std::string_view value) {
    out_ += definition.name;
    out_ += suffix;
    char before = '{';
    for (std::size_t i = 0; i < values.size(); ++i) {
      // To Prometheus a label with an empty value is a label that is not there.
      if (!values[i].empty()) label(before, definition.labels[i].name, values[i]);
    }
    if (!bound.empty()) label(before, "le", bound);
    if (before == ',') out_ += '}';
    out_ += ' ';
    out_ += value;
    out_ += '\n';
  }

  void label(char& before, std::string_view name, std::string_view value) {
    out_ += before;
    out_ += name;
    out_ += "=\"";
    append_escaped(out_, value, true);
    out_ += '"';
    before = ',';
  }

  std::string& out_;
  const TextFormat format_;
};

}  // namespace

TextFormat choose_format(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? TextFormat::OpenMetrics
                                                                               : TextFormat::Prometheus;
}

std::string_view content_type(TextFormat format) {
  switch (format) {
    case TextFormat::Prometheus: return "text/plain; version=0.0.4; charset=utf-8";
    case TextFormat::OpenMetrics: return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  return {};
}

std::string to_text(std::span<const FamilySnapshot> families, TextFormat format) {
  std::string out;
  Writer writer(out, format);
  for (const FamilySnapshot& family : families) writer.family(family);
  if (format == TextFormat::OpenMetrics) out += "# EOF\n";
  return out;
}

}  // namespace tidegate::metrics
