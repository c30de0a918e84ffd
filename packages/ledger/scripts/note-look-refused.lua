-- A look at a running task met a 429.
-- ARGV: prefix, account, retry after ms ('' = not said)
tellLimits(ARGV[2], 'look_refused', digits(NOW), ARGV[3])
return reply('noted')
