#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>

namespace {

struct Map {
    unsigned long start = 0;
    unsigned long end = 0;
    std::string name;
};

std::istream& operator>>(std::istream& in, Map& map) {
    char dash = 0;
    std::string rights, offset, device, inode, row;
    if (!std::getline(in, row)) {
        return in;
    }
    std::istringstream words(row);
    words >> std::hex >> map.start >> dash >> map.end >> rights >> offset >> device >> inode;
    map.name.clear();
    words >> map.name;
    return in;
}

std::string area(const void* place) {
    std::ifstream maps("/proc/self/maps");
    const auto address = reinterpret_cast<unsigned long>(place);
    for (Map map; maps >> map;) {
        if (address >= map.start && address < map.end) {
            return map.name == "[heap]" || map.name == "[stack]" ? map.name.substr(1, map.name.size() - 2)
                                                                 : "mapping";
        }
    }
    throw std::runtime_error("an address outside every area");
}

class Block {
  public:
    void grow(std::size_t size) {
        char* larger = static_cast<char*>(std::realloc(text_.get(), size));
        if (larger == nullptr) {
            throw std::system_error(ENOMEM, std::generic_category(), "realloc");
        }
        (void)text_.release();
        text_.reset(larger);
        std::fill(larger + size_, larger + size, 'x');
        size_ = size;
    }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return size_; }
    const char* data() const { return text_.get(); }

  private:
    struct Free {
        void operator()(char* text) const { std::free(text); }
    };
    std::unique_ptr<char, Free> text_;
    std::size_t size_ = 0;
};

template <class Text>
void say(const Text& text) {
    std::cout << text.size() << ' ' << text.capacity() << ' ' << static_cast<const void*>(text.data()) << ' '
              << area(text.data()) << std::endl;
}

void grow(std::string& text, std::size_t most) {
    say(text);
    if (text.size() < most) {
        if (text.size() * 2 <= most) {
            text.append(text);
        } else {
            text.append(std::string(most - text.size(), 'x'));
        }
        grow(text, most);
    }
}

int usage() {
    std::cerr << "growing: usage: growing string|reserve|realloc SIZE\n";
    return 2;
}

}  // namespace

int main(int argc, char** argv) try {
    const std::string mode = argc == 3 ? argv[1] : "";
    const std::string digits = argc == 3 ? argv[2] : "";
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos || digits.size() > 18) {
        return usage();
    }
    const std::size_t most = std::stoul(digits);
    if (most == 0) {
        return usage();
    }
    if (mode == "realloc") {
        Block block;
        for (std::size_t size = 1; block.size() < most; size = std::min(size * 2, most)) {
            block.grow(size);
            say(block);
        }
    } else if (mode == "string") {
        std::string text(1, 'x');
        grow(text, most);
    } else if (mode == "reserve") {
        std::string text;
        text.reserve(most);
        text.assign(1, 'x');
        grow(text, most);
    } else {
        return usage();
    }
    return 0;
} catch (const std::exception& error) {
    std::cerr << "growing: " << error.what() << '\n';
    return 1;
}
