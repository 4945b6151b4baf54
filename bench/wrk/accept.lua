-- GET with the Accept of the environment.
local here = debug.getinfo(1).source:match("@(.*/)")
dofile(here .. "plain.lua")
wrk.headers["Accept"] = os.getenv("ACCEPT")
