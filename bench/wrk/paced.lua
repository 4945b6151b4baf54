-- Token requests at a pace: each connection waits an exponentially distributed time (PAUSE milliseconds on average) before
-- its next request, so that arrivals are as random as those of many independent clients.
local here = debug.getinfo(1).source:match("@(.*/)")
dofile(here .. "bodies.lua")
local pause = tonumber(os.getenv("PAUSE"))
math.randomseed(os.time())
function delay()
  return math.floor(-pause * math.log(1 - math.random()) + math.random())
end
