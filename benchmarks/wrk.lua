-- Sends one body over and over: wrk -s wrk.lua URL -- BODY_FILE CONTENT_TYPE
-- Prints one line of JSON at the end, which benchmarks/load.py reads.

function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = args[2]
  file:close()
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "duration_us": %d, "status": %d, "lost": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)
  ))
end
