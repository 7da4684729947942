#pragma once

namespace hedgewatch {}
