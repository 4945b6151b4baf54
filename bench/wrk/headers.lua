-- GET with one Authorization value after another from a file.
local here = debug.getinfo(1).source:match("@(.*/)")
dofile(here .. "plain.lua")
local lines = {}
for line in io.lines(os.getenv("TOKENS")) do lines[#lines + 1] = "Bearer " .. line end
local n = 0
request = function()
  n = n % #lines + 1
  return wrk.format("GET", nil, { ["Authorization"] = lines[n] })
end
