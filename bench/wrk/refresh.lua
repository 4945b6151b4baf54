-- A crowd that refreshes: each answer's token is the next request's.
local here = debug.getinfo(1).source:match("@(.*/)")
dofile(here .. "plain.lua")
local queue, first, last = {}, 1, 0
for line in io.lines(os.getenv("TOKENS")) do last = last + 1; queue[last] = line end
local headers = { ["Content-Type"] = "application/json" }
local tried = false
request = function()
  -- wrk calls once before the run, only to look at the bytes: that call must not use a token up.
  if not tried then tried = true; return wrk.format("POST", nil, headers, '{"refreshToken":"none"}') end
  local token = queue[first]
  queue[first] = nil
  first = first + 1
  return wrk.format("POST", nil, headers, '{"refreshToken":"' .. (token or "none") .. '"}')
end
response = function(status, _, body)
  local token = body:match('"refreshToken":"([^"]+)"')
  if token then last = last + 1; queue[last] = token end
end
