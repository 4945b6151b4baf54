-- Requests one after another from the file STEPS (method, path, authorization, type, body between tabs). Every EVERYth
-- is a refresh of a crowd whose tokens are in CROWD: REFRESH is its line, and each answer's token is a later request's.
local here = debug.getinfo(1).source:match("@(.*/)")
dofile(here .. "plain.lua")

local function split(line)
  local method, path, authorization, kind, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
  local headers = {}
  if authorization ~= "" then headers["Authorization"] = authorization end
  if body ~= "" then headers["Content-Type"] = kind else body = nil end
  return method, path, headers, body
end

local ready = {}
for line in io.lines(os.getenv("STEPS")) do
  local method, path, headers, body = split(line)
  ready[#ready + 1] = { method, path, headers, body }
end

local every = tonumber(os.getenv("EVERY") or "0")
local queue, first, last = {}, 1, 0
local method, path, headers, before, after
if every > 0 then
  for line in io.lines(os.getenv("CROWD")) do last = last + 1; queue[last] = line end
  local body
  method, path, headers, body = split(os.getenv("REFRESH"))
  before, after = body:match("^(.*){token}(.*)$")
end

-- Formatted once: wrk knows the address of the server only after this file has been read.
function init()
  for n, step in ipairs(ready) do ready[n] = wrk.format(unpack(step, 1, 4)) end
end

local tried, n = false, 0
request = function()
  -- wrk calls once before the run, only to look at the bytes: that call must not use a token up.
  if not tried then
    tried = true
    return #ready > 0 and ready[1] or wrk.format(method, path, headers, before .. "none" .. after)
  end
  n = n + 1
  if every > 0 and n % every == 0 then
    local token = queue[first]
    if token then
      queue[first] = nil
      first = first + 1
      return wrk.format(method, path, headers, before .. token .. after)
    end
  end
  if #ready == 0 then return wrk.format(method, path, headers, before .. "none" .. after) end
  return ready[n % #ready + 1]
end

if every > 0 then
  response = function(status, _, body)
    local token = status == 200 and body:match('"refresh_?[tT]oken"%s*:%s*"([^"]+)"')
    if token then last = last + 1; queue[last] = token end
  end
end
