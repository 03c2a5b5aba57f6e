def handle(request, database):
    return database.name
