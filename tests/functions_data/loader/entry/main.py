def main():
    return "from main.py"
