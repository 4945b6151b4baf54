-- One request after another from a file: each line is a body, or with HEADER set a value of that header.
local here = debug.getinfo(1).source:match("@(.*/)")
dofile(here .. "plain.lua")
local lines = {}
for line in io.lines(os.getenv("BODIES")) do lines[#lines + 1] = line end
local kind = os.getenv("CONTENT_TYPE") or "application/x-www-form-urlencoded"
local n = 0
request = function()
  n = n % #lines + 1
  return wrk.format("POST", nil, { ["Content-Type"] = kind }, lines[n])
end
