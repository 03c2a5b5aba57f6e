module wherry.example/limit

go 1.21
