#!/bin/sh
# The tests' browser: Debian's chromium and its driver. Does nothing when they are installed; where
# they cannot be installed, says so and lets the tests skip.
have() { command -v "$1" > /dev/null 2>&1; }

if { have chromium || have google-chrome; } && have chromedriver; then
  exit 0
fi
why="the installation failed"
if ! have apt-get; then
  why="there is no apt-get here"
elif [ "$(id -u)" -ne 0 ]; then
  why="only root may install it"
else
  echo "Installing chromium and chromium-driver for the browser tests ..."
  export DEBIAN_FRONTEND=noninteractive
  timeout 600 sh -c "apt-get update -qq && \
    apt-get install -qq -y --no-install-recommends chromium chromium-driver fonts-dejavu-core" \
    > /dev/null 2>&1
  if have chromium && have chromedriver; then
    exit 0
  fi
fi
echo "WARNING: no browser: $why. The pages will NOT be tested in a real browser." >&2
echo "         apt-get install chromium chromium-driver   (or Chrome and its driver)" >&2
