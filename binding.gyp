{
  'variables': {
    # As for -fsanitize: address,undefined or thread.
    'sanitize%': '',
  },
  'targets': [
    {
      'target_name': 'dugong',
      'sources': [
        'native/addon.cc',
        'native/alarm.cc',
        'native/clock.cc',
        'native/environment.cc',
        'native/heap.cc',
        'native/lookup.cc',
        'native/openssl.cc',
        'native/poll.cc',
        'native/poller.cc',
        'native/resolve.cc',
        'native/signals.cc',
        'native/socket.cc',
        'native/tls-bio.cc',
        'native/tls-chain.cc',
        'native/tls-connection.cc',
        'native/tls-context.cc',
        'native/tls-options.cc',
        'native/tls-pfx.cc',
        'native/tls-sessions.cc',
        'native/tls-verification.cc',
        'native/tls.cc',
        'native/transfer.cc',
        'native/watcher.cc',
      ],
      'defines': ['NAPI_VERSION=9'],
      'cflags!': ['-O3'],
      'cflags': ['-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
      'cflags_cc': ['-std=c++17', '-fvisibility-inlines-hidden'],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
        'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
        'GCC_OPTIMIZATION_LEVEL': '2',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'GCC_TREAT_WARNINGS_AS_ERRORS': 'YES',
        'GCC_INLINES_ARE_PRIVATE_EXTERN': 'YES',
        'MACOSX_DEPLOYMENT_TARGET': '11.0',
        'WARNING_CFLAGS': ['-Wall', '-Wextra'],
      },
      'conditions': [
        ['OS=="linux"', {
          'ldflags': ['-Wl,-z,relro,-z,now'],
        }],
        ['sanitize!=""', {
          'cflags!': ['-O2'],
          'cflags': ['-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=<(sanitize)', '-fno-sanitize-recover=undefined'],
          'ldflags': ['-fsanitize=<(sanitize)'],
          'xcode_settings': {
            'OTHER_CFLAGS': ['-fno-omit-frame-pointer', '-fsanitize=<(sanitize)'],
            'OTHER_LDFLAGS': ['-fsanitize=<(sanitize)'],
          },
        }],
      ],
    },
  ],
}
