# SPDX-License-Identifier: Apache-2.0
# Fuzz targets of src/llm; included by fuzz/CMakeLists.txt.
find_package(simdjson REQUIRED)

tidegate_fuzz(sse_fuzz SOURCES sse_fuzz.cpp CORPUS tests/corpus/sse
  LINKS tidegate_llm_anthropic tidegate_llm_openai)
tidegate_fuzz(answer_fuzz SOURCES answer_fuzz.cpp CORPUS tests/corpus/answers
  LINKS tidegate_llm_anthropic tidegate_llm_openai)
tidegate_fuzz(request_fuzz SOURCES request_fuzz.cpp CORPUS tests/corpus/requests
  LINKS tidegate_llm_anthropic tidegate_llm_openai simdjson::simdjson)
tidegate_fuzz(rate_limits_fuzz SOURCES rate_limits_fuzz.cpp CORPUS tests/corpus/rate_limits
  LINKS tidegate_llm_anthropic tidegate_llm_openai)
tidegate_fuzz(translation_fuzz SOURCES translation_fuzz.cpp CORPUS tests/corpus/translation
  LINKS tidegate_translator tidegate_llm_anthropic tidegate_llm_openai simdjson::simdjson)
