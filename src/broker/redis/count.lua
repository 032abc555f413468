-- Counts one at each key, unless one of them has had its share: then nothing is counted, and the
-- answer is how long to wait, in microseconds. For each key three numbers:
--   interval, most, 0   a rate (generic cell rate algorithm): one in each interval, `most` over the
--                       interval at once, both in microseconds. The key holds when it is free again.
--   0, most, window     so many failures within the window, in milliseconds, which another script
--                       counts. The key holds their number.
-- What is there may be anybody's: nothing of it makes anyone wait longer than the rule itself could.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free = {}
for i, key in ipairs(KEYS) do
    local interval, most, window = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    local found = redis.pcall('GET', key)
    local number = type(found) == 'string' and tonumber(found) or nil
    if interval == 0 then
        if number and number >= most then
            local left = redis.call('PTTL', key)
            if left > 0 and left <= window then
                return left * 1000
            end
        end
    else
        -- A time that the rule cannot have set: another clock before, after Redis has moved.
        if not (number and number >= now and number <= now + most) then
            number = now
        end
        local over = number + interval - now - most
        if over > 0 then
            return over
        end
        free[i] = number + interval
    end
end
for i, number in pairs(free) do
    redis.call('SET', KEYS[i], string.format('%.0f', number), 'PX', math.ceil((number - now) / 1000))
end
return 0
