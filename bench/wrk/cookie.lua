-- One browser: the cookie of its session with every request.
local here = debug.getinfo(1).source:match("@(.*/)")
dofile(here .. "plain.lua")
wrk.headers["Cookie"] = os.getenv("COOKIE")
wrk.headers["Accept"] = "text/html"
