// Runs the tests of one file, of all that are linked into a program: unit_tests NAME [OPTION OF GOOGLETEST]...
// for those of NAME_test.cpp.
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace {

bool is_in(const testing::TestInfo& test, const std::string& file) {
  const std::string path = test.file();
  return path.ends_with('/' + file) || path == file;
}

/// GoogleTest's filter for the tests in `file`; empty: there are none.
std::string filter_of(const std::string& file) {
  std::string filter;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const testing::TestInfo& test = *suite.GetTestInfo(j);
      if (!is_in(test, file)) continue;
      filter += std::string(filter.empty() ? "" : ":") + suite.name() + '.' + test.name();
    }
  }
  return filter;
}

}  // namespace

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  const std::string file = count == 2 ? arguments[1] + std::string("_test.cpp") : "NAME_test.cpp";
  const std::string filter = filter_of(file);
  if (filter.empty()) {
    std::fprintf(stderr, "%s has no test of a file %s; usage: %s NAME [OPTION OF GOOGLETEST]...\n",
                 arguments[0], file.c_str(), arguments[0]);
    return 2;
  }
  // Whoever asks for certain tests, as a death test's child does, gets them.
  if (GTEST_FLAG_GET(filter) == "*") GTEST_FLAG_SET(filter, filter);
  return RUN_ALL_TESTS();
}
