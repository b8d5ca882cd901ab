// libprotobuf is C++: this module only carries the link flag; CProtobufText is its C face.
