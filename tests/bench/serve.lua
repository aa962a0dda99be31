-- What each client sends to the servers of the rows `serve-…`.
wrk.method = "POST"
wrk.path = "/check"
wrk.body = "I wnat to reed a bok, becuse of Zyx"
