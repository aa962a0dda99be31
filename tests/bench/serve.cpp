// A native server with the C++ library of examples/spell-server, for the rows `serve-…`: a thread
// for each connection. `serve PORT` answers on the loopback interface until it is ended.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "spell.h"

static void add(void* context, const SpellMistake* mistake) {
    std::string& text = *static_cast<std::string*>(context);
    text += std::to_string(mistake->offset) + "; did you mean " + mistake->suggestions + "?\n";
}

// Answers the requests of a connection.
static void answer(int client) {
    static std::mutex one_at_a_time;  // The library keeps its last message.
    std::string input;
    char buffer[4096];
    while (true) {
        size_t head;
        while ((head = input.find("\r\n\r\n")) == std::string::npos) {
            ssize_t count = read(client, buffer, sizeof buffer);
            if (count <= 0) {
                close(client);
                return;
            }
            input.append(buffer, count);
        }
        size_t field = input.find("ontent-");
        size_t length = field == std::string::npos ? 0 : std::strtoul(input.c_str() + field + 15, nullptr, 10);
        while (input.size() < head + 4 + length) {
            ssize_t count = read(client, buffer, sizeof buffer);
            if (count <= 0) {
                close(client);
                return;
            }
            input.append(buffer, count);
        }
        std::string body, status = "200 OK";
        {
            std::lock_guard<std::mutex> lock(one_at_a_time);
            auto* text = reinterpret_cast<const uint8_t*>(input.data() + head + 4);
            if (const char* message = spell_check(text, length, add, &body)) {
                status = "400 Bad Request";
                body = message;
            }
        }
        std::string response = "HTTP/1.1 " + status + "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        if (write(client, response.data(), response.size()) < 0) {
            close(client);
            return;
        }
        input.erase(0, head + 4 + length);
    }
}

int main(int, char** argv) {
    int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(std::atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address) || listen(server, 64)) {
        return 1;
    }
    while (true) {
        int client = accept(server, nullptr, nullptr);
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        std::thread(answer, client).detach();
    }
}
