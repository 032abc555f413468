module example.com/saoma-integrate

go 1.19
