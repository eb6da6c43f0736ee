// Which tool a test was built for, where the compilers and Valgrind say it in different ways.
#pragma once

namespace bufferpool::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kThreadSanitizer = __has_feature(thread_sanitizer);
#else
inline constexpr bool kThreadSanitizer = false;
#endif

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitizer = false;
#endif

#if defined(BUFFERPOOL_VALGRIND)
inline constexpr bool kEveryStepIsSlow = true;
#else
inline constexpr bool kEveryStepIsSlow = kThreadSanitizer || kAddressSanitizer;
#endif

}  // namespace bufferpool::test
