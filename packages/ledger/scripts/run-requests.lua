-- Serves the requests of one call, one after the other. This file is put behind each script, whose text is the body of
-- `once`: to a script its own request looks as if it had come alone.
-- ARGV: prefix, then per request: how many arguments, the arguments
-- Answer: per request { 'done', the script's answer } or { 'failed', message }; an error if all have failed.
local answers, anyDone, firstError = {}, false, nil
local at = 2
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local request = { PREFIX, unpack(ARGV, at + 1, at + count) }
  local done, answer = pcall(once, request)
  if done then
    anyDone = true
    answers[#answers + 1] = { 'done', answer }
  else
    -- What failed may have left the protocol of `load` behind.
    redis.setresp(2)
    local message = type(answer) == 'table' and answer.err or tostring(answer)
    firstError = firstError or message
    answers[#answers + 1] = { 'failed', message }
  end
  at = at + count + 1
end
settle()
if firstError and not anyDone then return { err = firstError } end
return answers
